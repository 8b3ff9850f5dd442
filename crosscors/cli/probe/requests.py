"""The requests that a probe sends: what browsers send for pages of these origins, with GET, HEAD and OPTIONS.

They come in rounds (ROUNDS), because the answers to one round decide what there is to ask in the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import crosscors
from crosscors.cli.probe.look_alikes import look_alikes, strangers
from crosscors.cli.probe.target import Target
from crosscors.core.standard import ALLOW_ORIGIN, REQUEST_METHOD
from crosscors.testing.cors_check import CORSCheck
from crosscors.testing.exchange import Exchange, Fields, ReceivedResponse, SentRequest
from crosscors.testing.sites import is_cross_site, is_secure
from crosscors.testing.urls import URL, parse

Answers = Mapping[SentRequest, ReceivedResponse]
"""The responses so far. A request that got none is missing."""

# More than one run ever needs: four origins, each with a port and many dots, and all of them let in.
MAX_REQUESTS = 200

# A policy need not list a method that needs no preflight. One of these three surely passes.
PREFLIGHTED_METHODS = ("GET", "POST", "PUT")
MISSING = "crosscors-probe-no-such-path"
_METHOD_NOT_ALLOWED = 405


def without_origin(target: Target, _: Answers) -> list[SentRequest]:
    return [get(target)]


def of_first_origins(target: Target, answers: Answers) -> list[SentRequest]:
    """As the pages that show most. If the URL does not accept GET, preflights say who is let in."""
    origins = first_origins(target)
    asked = [] if accepts_get(target, answers) else [preflight(target, each, "POST") for each in origins]
    return [get(target, each) for each in origins] + asked


def of_look_alikes(target: Target, answers: Answers) -> list[SentRequest]:
    """Nothing if any origin is let in: then all look-alikes are."""
    if lets_in_any(target, answers):
        return []
    return [
        asking(target, answers, each.origin) for trusted in target.trusted for each in look_alikes(trusted)
    ]


def of_pages_let_in(target: Target, answers: Answers) -> list[SentRequest]:
    """What else they may meet: preflights and errors. Anyone may meet OPTIONS, and what is open elsewhere."""
    let_in = origins_let_in(target, answers)
    if not let_in:
        return [options(target, target.trusted[0]), *elsewhere(target)]
    preflights = [preflight(target, each, method) for each in let_in for method in PREFLIGHTED_METHODS]
    missing = [get(target, let_in[0], url) for url in missing_urls(target)]
    return [options(target, let_in[0]), *preflights, head(target, let_in[0]), *missing, *elsewhere(target)]


def elsewhere(target: Target) -> list[SentRequest]:
    """Requests of a stranger to which other code of the server may reply: preflights and errors."""
    stranger = all_strangers(target)[0]
    missing = missing_urls(target)[-1]
    return [preflight(target, stranger, "PUT"), get(target, stranger, missing)]


ROUNDS: tuple[Callable[[Target, Answers], list[SentRequest]], ...] = (
    without_origin,
    of_first_origins,
    of_look_alikes,
    of_pages_let_in,
)


def first_origins(target: Target) -> tuple[str, ...]:
    """The origins that are asked about first, given ones before others."""
    return tuple(dict.fromkeys((*target.origins, target.own_origin, *all_strangers(target), "null")))


def all_strangers(target: Target) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for trusted in target.trusted for each in strangers(trusted)))


def origins_let_in(target: Target, answers: Answers) -> tuple[str, ...]:
    """The origins of the first round whose pages may read: those that were given, or else the first other."""
    reading = [origin for origin in first_origins(target) if is_admitted(target, answers, origin)]
    given = [origin for origin in reading if origin in target.origins]
    return tuple(given or reading[:1])


def lets_in_any(target: Target, answers: Answers) -> bool:
    """Whether the server names whatever origin asks as the one that is allowed."""
    return any(is_reflected(target, answers, each) for each in all_strangers(target))


def is_admitted(target: Target, answers: Answers, origin: str) -> bool:
    """Whether the headers let the origin in, whatever the status says about the method."""
    requests = (get(target, origin), preflight(target, origin, "POST"))
    exchanges = (exchange_of(request, answers) for request in requests)
    return any(each is not None and CORSCheck(origin, False).failure(each) is None for each in exchanges)


def is_let_in(target: Target, answers: Answers, origin: str, *, with_credentials: bool = False) -> bool:
    """Whether a browser lets a page of that origin read the response, or send the request."""
    exchange = exchange_of(asking(target, answers, origin), answers)
    return exchange is not None and may_read(exchange, origin, with_credentials=with_credentials)


def is_reflected(target: Target, answers: Answers, origin: str) -> bool:
    """Whether the origin is let in by its name: "*" lets in every page, but without credentials."""
    exchange = exchange_of(asking(target, answers, origin), answers)
    return exchange is not None and may_read(exchange, origin) and value_of(exchange, ALLOW_ORIGIN) != "*"


def may_read(exchange: Exchange, origin: str, *, with_credentials: bool = False) -> bool:
    """Fetch, "CORS check"; for a preflight also "CORS-preflight fetch", step 7: an ok status."""
    if exchange.is_preflight and not is_ok(exchange):
        return False
    return CORSCheck(origin, with_credentials).failure(exchange) is None


def is_ok(exchange: Exchange) -> bool:
    return 200 <= exchange.response.status <= 299  # noqa: PLR2004 (Fetch, "ok status")


def value_of(exchange: Exchange, name: str) -> str:
    """The value of a response header without the blanks around it; empty if it is missing."""
    return (exchange.response.header(name) or "").strip(" \t")


def accepts_get(target: Target, answers: Answers) -> bool:
    plain = answers.get(get(target))
    return plain is None or plain.status != _METHOD_NOT_ALLOWED


def asking(target: Target, answers: Answers, origin: str) -> SentRequest:
    """The request whose response says whether the origin is let in."""
    return get(target, origin) if accepts_get(target, answers) else preflight(target, origin, "POST")


def exchange_of(request: SentRequest, answers: Answers) -> Exchange | None:
    response = answers.get(request)
    if response is None:
        return None
    return Exchange(request, response, request.header(REQUEST_METHOD) is not None)


def get(target: Target, origin: str | None = None, url: URL | None = None) -> SentRequest:
    return _request("GET", target, origin, url=url)


def head(target: Target, origin: str) -> SentRequest:
    return _request("HEAD", target, origin)


def options(target: Target, origin: str) -> SentRequest:
    """An actual OPTIONS request: it does not ask for a method, so it is no preflight."""
    return _request("OPTIONS", target, origin)


def preflight(target: Target, origin: str, method: str) -> SentRequest:
    """Fetch, "CORS-preflight fetch". Of what the user adds to actual requests, it carries only Host."""
    asked = [(REQUEST_METHOD, method), *(each for each in target.headers if each[0].lower() == "host")]
    return SentRequest("OPTIONS", str(target.url), _fields(target.url, origin, asked))


def missing_urls(target: Target) -> tuple[URL, ...]:
    """Paths that surely do not exist, beside the path of the URL and below it."""
    path = target.url.path
    paths = (f"{path.rstrip('/').rpartition('/')[0]}/{MISSING}", f"{path.rstrip('/')}/{MISSING}")
    return tuple(parse(each, target.url.origin) for each in dict.fromkeys(paths))


def _request(method: str, target: Target, origin: str | None, *, url: URL | None = None) -> SentRequest:
    url = url or target.url
    return SentRequest(method, str(url), _fields(url, origin, target.headers))


def _fields(url: URL, origin: str | None, more: Iterable[tuple[str, str]]) -> Fields:
    agent = f"Mozilla/5.0 (compatible; crosscors probe {crosscors.__version__})"
    fields = [("User-Agent", agent), ("Accept", "*/*")]
    if origin is not None:
        fields += [("Origin", origin), *_metadata(url, origin)]
    return (*fields, *more)


def _metadata(url: URL, origin: str) -> list[tuple[str, str]]:
    """Fetch Metadata, section 2: only sent to URLs that are potentially trustworthy."""
    if not is_secure(url):
        return []
    if origin == url.origin:
        site = "same-origin"
    else:
        site = "cross-site" if is_cross_site(origin, url) else "same-site"
    return [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
