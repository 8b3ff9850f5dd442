"""Judgements about whom the server lets in: pages that it should not, and pages that it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crosscors.cli.probe.findings import Finding, Severity
from crosscors.cli.probe.look_alikes import LookAlike, look_alikes
from crosscors.cli.probe.requests import (
    Answers,
    all_strangers,
    asking,
    elsewhere,
    exchange_of,
    get,
    is_admitted,
    is_let_in,
    is_reflected,
    lets_in_any,
    may_read,
    value_of,
)
from crosscors.cli.probe.target import Target
from crosscors.core.standard import ALLOW_METHODS
from crosscors.testing.cors_check import CORSCheck
from crosscors.testing.exchange import Exchange

_SHOWN_ORIGINS = 3
_ERROR = 400


class _Mistake(NamedTuple):
    """How the server compares, and how it should."""

    why: str
    fix: str
    with_credentials: Severity
    without: Severity


_WHOLE = "Compare the whole origin, with == or with re.fullmatch()."
_NAME_IT = "If such pages belong to you, list their origins one by one. If not, leave the pattern out."
_MISTAKES = {
    "origin-prefix-match": _Mistake("compares only how the origin begins", _WHOLE, "high", "medium"),
    "origin-suffix-match": _Mistake("compares only how the origin ends", _WHOLE, "high", "medium"),
    "origin-substring-match": _Mistake(
        "looks for one text in the other",
        f"{_WHOLE} Keep the origins in a list, not in one text.",
        "high",
        "medium",
    ),
    "unescaped-dot": _Mistake(
        "takes a dot for any character",
        "Compare the text of the origin, or write \\. for each dot of the regular expression.",
        "high",
        "medium",
    ),
    "special-characters": _Mistake(
        "takes a character that a host name may contain for the end of the host",
        f"{_WHOLE} A pattern may match letters, digits, dots and hyphens only.",
        "high",
        "medium",
    ),
    "any-subdomain": _Mistake(
        "lets in every sub-domain, so one page that an attacker controls on any of them is enough",
        _NAME_IT,
        "medium",
        "low",
    ),
    "any-port": _Mistake(
        "ignores the port, so other programs on that host are let in, too",
        "Compare the whole origin: the port is part of it.",
        "medium",
        "low",
    ),
    "insecure-origin-trusted": _Mistake(
        "lets in http as well as https, so whoever controls the network of a user can be that page",
        "Compare the whole origin: the scheme is part of it. Leave the origin with http out.",
        "medium",
        "low",
    ),
}


def judge(target: Target, answers: Answers) -> Iterator[Finding]:
    """All findings about whom the server lets in."""
    yield from _any_origin(target, answers)
    yield from _elsewhere(target, answers)
    yield from _null(target, answers)
    if not lets_in_any(target, answers):
        for trusted in target.trusted:
            yield from _look_alikes(target, answers, trusted)
    yield from _refused(target, answers)
    yield from _own_origin(target, answers)


def _any_origin(target: Target, answers: Answers) -> Iterator[Finding]:
    reflected = [each for each in all_strangers(target) if is_reflected(target, answers, each)]
    for origin in reflected[:1]:
        exchange = _asked(target, answers, origin)
        if is_let_in(target, answers, origin, with_credentials=True):
            yield Finding(
                "any-origin-reflected",
                "high",
                origin,
                f"Every site can {_may(exchange)} with the user's cookies: the server allows whatever origin"
                " asks.",
                "List the origins that may do this. If every site may, but without cookies, send"
                " 'Access-Control-Allow-Origin: *' without Access-Control-Allow-Credentials.",
                exchange,
            )
            return
        if _gives_credentials_to_some(target, answers):
            return  # a policy for everyone, and more for some: these responses cannot all be the same
        yield Finding(
            "any-origin-reflected",
            "low",
            origin,
            f"Every site can {_may(exchange)} without cookies: the server allows whatever origin asks.",
            "If every site may do this, send 'Access-Control-Allow-Origin: *', which needs no Vary. If not,"
            " list the origins.",
            exchange,
        )


def _elsewhere(target: Target, answers: Answers) -> Iterator[Finding]:
    """Any origin, but not in the response to GET: preflights and errors often come from other code."""
    if lets_in_any(target, answers):
        return
    found = (exchange_of(request, answers) for request in elsewhere(target))
    for exchange in [each for each in found if each is not None and _is_open(each)][:1]:
        what, where = ("send requests", "preflights") if exchange.is_preflight else ("read errors", "errors")
        yield Finding(
            "any-origin-reflected",
            "high",
            exchange.request.header("Origin"),
            f"Every site can {what} with the user's cookies: the server does not let them read its responses"
            f" to GET, but its {where} allow whatever origin asks.",
            f"Apply the policy of all other responses to {where}, too.",
            exchange,
        )


def _is_open(exchange: Exchange) -> bool:
    origin = exchange.request.header("Origin") or ""
    return may_read(exchange, origin, with_credentials=True) and _may_put(exchange)


def _may_put(exchange: Exchange) -> bool:
    """Fetch, "CORS-preflight fetch", step 7: the response has to list the method."""
    methods = value_of(exchange, ALLOW_METHODS).split(",")
    return not exchange.is_preflight or "PUT" in {each.strip(" \t") for each in methods}


def _gives_credentials_to_some(target: Target, answers: Answers) -> bool:
    return any(is_let_in(target, answers, each, with_credentials=True) for each in target.origins)


def _null(target: Target, answers: Answers) -> Iterator[Finding]:
    if "null" in target.origins or not is_reflected(target, answers, "null"):
        return
    has_credentials = is_let_in(target, answers, "null", with_credentials=True)
    if not has_credentials and lets_in_any(target, answers):
        return  # null is one of all
    exchange = _asked(target, answers, "null")
    cookies = "with the user's cookies" if has_credentials else "without cookies"
    yield Finding(
        "null-origin-trusted",
        "high" if has_credentials else "low",
        "null",
        f"Every site can {_may(exchange)} {cookies}: any page can send 'Origin: null', from a"
        " sandboxed frame.",
        "Never allow 'null'. Give local files and sandboxed pages a server with an origin of its own.",
        exchange,
    )


def _look_alikes(target: Target, answers: Answers, trusted: str) -> Iterator[Finding]:
    tried = look_alikes(trusted)
    let_in = [each for each in tried if _is_proof(target, answers, each)]
    for code in dict.fromkeys(each.code for each in let_in):
        origins = [each.origin for each in let_in if each.code == code]
        yield _careless(target, answers, trusted, code, origins)


def _is_proof(target: Target, answers: Answers, tried: LookAlike) -> bool:
    """Whether the look-alike is let in, and not for another reason. One that the user trusts is none."""
    return (
        tried.origin not in target.origins
        and is_reflected(target, answers, tried.origin)
        and not any(is_reflected(target, answers, other) for other in tried.unless)
    )


def _careless(target: Target, answers: Answers, trusted: str, code: str, origins: list[str]) -> Finding:
    mistake = _MISTAKES[code]
    with_credentials = [each for each in origins if is_let_in(target, answers, each, with_credentials=True)]
    origin = (*with_credentials, *origins)[0]
    exchange = _asked(target, answers, origin)
    cookies = "with the user's cookies" if with_credentials else "without cookies"
    others = [each for each in origins if each != origin]
    also = f" Also let in: {', '.join(others[:_SHOWN_ORIGINS])}{_and_more(others)}." if others else ""
    return Finding(
        code,
        mistake.with_credentials if with_credentials else mistake.without,
        origin,
        f"A page on {origin} can {_may(exchange)} {cookies}. The server treats it like"
        f" {trusted}: it {mistake.why}.{also}",
        mistake.fix,
        exchange,
    )


def _and_more(origins: list[str]) -> str:
    return f" and {len(origins) - _SHOWN_ORIGINS} more" if len(origins) > _SHOWN_ORIGINS else ""


def _refused(target: Target, answers: Answers) -> Iterator[Finding]:
    for origin in target.origins:
        exchange = exchange_of(asking(target, answers, origin), answers)
        failure = None if exchange is None else CORSCheck(origin, with_credentials=False).failure(exchange)
        if exchange is None or failure is None or is_admitted(target, answers, origin):
            continue
        location = exchange.response.header("Location")
        if location is not None:
            sentence = f"{failure.sentence} The response is a redirect to {location}."
            fix = f"Let pages fetch that URL directly, and probe it. {failure.hint}"
        else:
            sentence, fix = failure.sentence, failure.hint
        yield Finding(
            "origin-refused", "medium", origin, f"Pages on {origin} are not let in. {sentence}", fix, exchange
        )


def _own_origin(target: Target, answers: Answers) -> Iterator[Finding]:
    """Pages of the server itself send Origin, too, with each POST.

    Fetch, "append a request Origin header", step 4.
    """
    plain, own = answers.get(get(target)), exchange_of(get(target, target.own_origin), answers)
    if plain is None or own is None or plain.status >= _ERROR or own.response.status < _ERROR:
        return
    yield Finding(
        "own-origin-refused",
        "medium",
        target.own_origin,
        f"The server refuses its own pages: status {own.response.status} with its own origin, and"
        f" {plain.status} without Origin. Browsers send Origin with each POST, even to the page's own"
        " server.",
        "Do not refuse requests because of Origin: leave out the CORS headers. Or add"
        f" {target.own_origin} to the allowed origins.",
        own,
    )


def _asked(target: Target, answers: Answers, origin: str) -> Exchange:
    request = asking(target, answers, origin)
    return Exchange(request, answers[request], request.method == "OPTIONS")


def _may(exchange: Exchange) -> str:
    return "send requests" if exchange.is_preflight else "read responses"
