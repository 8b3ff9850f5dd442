"""Judgements about the responses: headers that browsers and caches misunderstand, errors, preflights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crosscors.cli.probe.findings import Finding
from crosscors.cli.probe.requests import (
    PREFLIGHTED_METHODS,
    Answers,
    exchange_of,
    first_origins,
    get,
    head,
    is_ok,
    may_read,
    missing_urls,
    options,
    origins_let_in,
    preflight,
    value_of,
)
from crosscors.cli.probe.target import Target
from crosscors.core.standard import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    MAX_AGE,
)
from crosscors.testing.exchange import Exchange

_SINGLE = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, MAX_AGE)
_LONGEST_AGE = 86_400  # seconds; Firefox keeps no preflight longer, and the others less
_NOT_FOUND, _METHOD_NOT_ALLOWED, _TOO_MANY, _SERVER_ERROR = 404, 405, 429, 500


def judge(target: Target, answers: Answers) -> Iterator[Finding]:
    """All findings about single responses, and about responses that differ."""
    exchanges = [found for request in answers if (found := exchange_of(request, answers))]
    yield from _first(map(_wildcard_with_credentials, exchanges))
    yield from _first(map(_duplicate, exchanges))
    yield from _first(map(_credentials_alone, exchanges))
    yield from _first(map(_long_age, exchanges))
    yield from _vary(target, answers)
    for origin in origins_let_in(target, answers)[:1]:
        yield from _errors(target, answers, origin)
    for origin in origins_let_in(target, answers):
        yield from _preflights(target, answers, origin)
    yield from _first(map(_swallowed, exchanges))


def _first(findings: Iterable[Finding | None]) -> Iterator[Finding]:
    found = next((each for each in findings if each is not None), None)
    if found is not None:
        yield found


def _origin(exchange: Exchange) -> str | None:
    return exchange.request.header("Origin")


def _wildcard_with_credentials(exchange: Exchange) -> Finding | None:
    if value_of(exchange, ALLOW_ORIGIN) != "*" or value_of(exchange, ALLOW_CREDENTIALS) != "true":
        return None
    return Finding(
        "wildcard-with-credentials",
        "medium",
        _origin(exchange),
        f"The response has '{ALLOW_ORIGIN}: *' and '{ALLOW_CREDENTIALS}: true'. Browsers refuse this"
        " combination to each page that sends cookies.",
        f"If every site may read responses, leave out {ALLOW_CREDENTIALS}. If pages send cookies, list their"
        " origins, and send each one its own.",
        exchange,
    )


def _duplicate(exchange: Exchange) -> Finding | None:
    """Fetch, "get": browsers join the values with a comma, and the result is not a valid value."""
    for name in _SINGLE:
        # A host name may contain a comma, too.
        if "," in value_of(exchange, name) and value_of(exchange, name) != _origin(exchange):
            return Finding(
                "duplicate-header",
                "medium",
                _origin(exchange),
                f"{name} has several values: '{value_of(exchange, name)}'. Browsers accept only one.",
                "Two places set this header, such as the application and a proxy, or one place lists all"
                " values. Set it in one place, with one value.",
                exchange,
            )
    return None


def _credentials_alone(exchange: Exchange) -> Finding | None:
    if _origin(exchange) is None or not value_of(exchange, ALLOW_CREDENTIALS):
        return None
    if exchange.response.header(ALLOW_ORIGIN) is not None:
        return None
    return Finding(
        "credentials-to-refused",
        "low",
        _origin(exchange),
        f"The response to an origin that is not allowed has {ALLOW_CREDENTIALS}, but no {ALLOW_ORIGIN}."
        " It has no effect, and it opens the server as soon as a proxy adds the other header.",
        f"Send {ALLOW_CREDENTIALS} only together with {ALLOW_ORIGIN}.",
        exchange,
    )


def _long_age(exchange: Exchange) -> Finding | None:
    origin, age = _origin(exchange), value_of(exchange, MAX_AGE).lstrip("0")
    if not exchange.is_preflight or origin is None or not may_read(exchange, origin):
        return None
    if not (age.isascii() and age.isdigit()) or (len(age) < _DIGITS and int(age) <= _LONGEST_AGE):
        return None
    return Finding(
        "max-age-too-long",
        "low",
        origin,
        f"'{MAX_AGE}: {age}' is more than any browser keeps: Chromium 7200 seconds, Firefox 86400, WebKit"
        " 600.",
        f"Send '{MAX_AGE}: 7200' or less, so that changes of the policy arrive soon in all browsers.",
        exchange,
    )


_DIGITS = 12  # a number that is longer is too long in any case


def _vary(target: Target, answers: Answers) -> Iterator[Finding]:
    """Fetch, "CORS protocol and HTTP caches". Caches keep responses to GET, but no errors of the server."""
    requests = (get(target, origin) for origin in (None, *first_origins(target)))
    comparable = [
        found
        for request in requests
        if (found := exchange_of(request, answers))
        and found.response.status < _SERVER_ERROR
        and found.response.status != _TOO_MANY
    ]
    if len({_cors_headers(each) for each in comparable}) < 2:  # noqa: PLR2004 (nothing to compare)
        return
    lacking = [each for each in comparable if not _varies_on_origin(each)]
    for exchange in lacking[:1]:
        whose = f"with 'Origin: {_origin(exchange)}'" if _origin(exchange) else "without Origin"
        yield Finding(
            "vary-missing",
            "medium",
            _origin(exchange),
            f"The CORS headers depend on Origin, but the response to a request {whose} has no 'Vary: Origin'."
            " A cache can hand it to a page of another origin, which is then refused, or let in.",
            "Send 'Vary: Origin' with each response of this URL, also without Origin and to origins that are"
            " refused.",
            exchange,
        )


def _cors_headers(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    """The headers that decide what a page may read. Those of preflights have no effect here."""
    names = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, "Access-Control-Expose-Headers")
    return tuple((name, value_of(exchange, name)) for name in names)


def _varies_on_origin(exchange: Exchange) -> bool:
    names = {name.strip(" \t").lower() for name in value_of(exchange, "Vary").split(",")}
    return not names.isdisjoint({"origin", "*"})


def _errors(target: Target, answers: Answers, origin: str) -> Iterator[Finding]:
    missing = [
        exchange
        for url in missing_urls(target)
        if (exchange := exchange_of(get(target, origin, url), answers))
        and exchange.response.status == _NOT_FOUND
    ]
    # One of the two paths may lie outside of what the policy is for.
    is_never_readable = missing and not any(may_read(each, origin) for each in missing)
    not_allowed = [
        exchange
        for request in (get(target, origin), head(target, origin), options(target, origin))
        if (exchange := exchange_of(request, answers))
        and exchange.response.status == _METHOD_NOT_ALLOWED
        and not may_read(exchange, origin)
    ]
    for exchange in [*(missing if is_never_readable else ()), *not_allowed][:1]:
        yield Finding(
            "error-without-headers",
            "medium",
            origin,
            f"Pages on {origin} can read responses, but not this error ({exchange.response.status} for"
            f" {exchange.request.method}). The browser shows it as a CORS error, and the page does not learn"
            " what went wrong.",
            "Put the CORS middleware outermost, so that errors have the CORS headers, too.",
            exchange,
        )


def _preflights(target: Target, answers: Answers, origin: str) -> Iterator[Finding]:
    """Fetch, "CORS-preflight fetch", step 7: only an ok status passes, and redirects are not followed."""
    asked = [
        found
        for method in PREFLIGHTED_METHODS
        if (found := exchange_of(preflight(target, origin, method), answers))
    ]
    if not asked or any(map(is_ok, asked)):
        return
    exchange = asked[0]
    status = exchange.response.status
    code, what, fix = _failed_preflight(status)
    yield Finding(
        code,
        "medium",
        origin,
        f"Pages on {origin} can read responses, but their preflights {what} ({status}). So they cannot send"
        " JSON, headers of their own, PUT or DELETE.",
        f"{fix} Let the CORS middleware answer preflights before anything else runs, with 200 or 204.",
        exchange,
    )


def _failed_preflight(status: int) -> tuple[str, str, str]:
    if 300 <= status <= 399:  # noqa: PLR2004 (all redirects)
        return "preflight-redirected", "are redirected", "Browsers follow no redirect of a preflight."
    if status in {401, 403}:
        return "preflight-unauthorized", "are refused", "A preflight never carries a login."
    return "preflight-error", "end with an error", "Browsers accept only the statuses from 200 to 299."


def _swallowed(exchange: Exchange) -> Finding | None:
    if exchange.request.method != "OPTIONS" or exchange.is_preflight:
        return None
    names = [name for name in (ALLOW_METHODS, ALLOW_HEADERS) if exchange.response.header(name) is not None]
    if not names:
        return None
    return Finding(
        "options-swallowed",
        "low",
        _origin(exchange),
        f"OPTIONS without Access-Control-Request-Method is not a preflight, but it is answered as one, with"
        f" {' and '.join(names)}. Requests with OPTIONS never reach the application.",
        "Treat OPTIONS as a preflight only if it has Origin and Access-Control-Request-Method.",
        exchange,
    )
