"""The Fetch standard's algorithms behind a script's ``fetch()``, for HTTP and without I/O.

The caller supplies the function that sends a request. Methods have the names of the standard's sections
(https://fetch.spec.whatwg.org/), in the same order.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.core.standard import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
)
from crosscors.testing.blocked import BlockedByCORS, Failure, NetworkError, Step
from crosscors.testing.cors_check import CORSCheck
from crosscors.testing.exchange import Check, Exchange, ReceivedResponse, SentRequest, get, has_body
from crosscors.testing.preflight_cache import CacheKey
from crosscors.testing.preflight_check import OK_STATUS, Preflight, redirect_failure
from crosscors.testing.request_headers import BODY_HEADERS, NON_WILDCARD, combined, unsafe_names
from crosscors.testing.response import Response
from crosscors.testing.response_headers import (
    Headers,
    malformed_header,
    max_age,
    read_location,
    readable_across_origins,
    readable_by_same_origin,
    token_list,
)
from crosscors.testing.server_log import refusals_logged
from crosscors.testing.server_says import reason_and_remedy
from crosscors.testing.sites import is_cross_site, is_cross_site_redirect, is_secure
from crosscors.testing.urls import has_other_scheme, parse

if TYPE_CHECKING:
    from crosscors.testing.cookies import Context, CookieStore
    from crosscors.testing.engines import Engine
    from crosscors.testing.limits import Limits
    from crosscors.testing.preflight_cache import PreflightCache
    from crosscors.testing.request import Request
    from crosscors.testing.request_headers import HeaderList
    from crosscors.testing.urls import URL

Send = Callable[[SentRequest], Awaitable[ReceivedResponse]]

__tracebackhide__ = True  # pytest then shows the line of the test

USER_AGENT = "Mozilla/5.0 (crosscors.testing)"
_PREFLIGHT_STAGE = "Response to preflight request doesn't pass access control check: "
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 20
_NEEDS_LOGIN = frozenset({401, 403})
_READING = frozenset({"GET", "HEAD"})
_GZIP = b"\x1f\x8b"
# A request with one of these is for the server itself: no cache on the way may answer it.
_CONDITIONAL = ("If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "If-Match", "If-Range")


@dataclass
class Fetch:
    """One fetch, and the parts of the browser that it uses."""

    request: Request
    send: Send
    engine: Engine
    cookies: CookieStore
    preflights: PreflightCache
    limits: Limits
    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    async def run(self) -> Response:
        """The whole fetch. Raises NetworkError where a script would see a TypeError."""
        received = await self._main_fetch()
        return self._filtered(received)

    async def run_preflight(self) -> Exchange | None:
        """Only the preflight, or None if the fetch needs none. Raises NetworkError where the fetch would."""
        request = self.request
        if request.mode != "cors" or request.url.origin == request.origin or not self._is_preflighted():
            return None
        request.tainting = "cors"
        await self._cors_preflight_fetch()
        return self.exchanges[-1]

    async def _main_fetch(self) -> ReceivedResponse:
        request = self.request
        if request.url.scheme not in {"http", "https"}:
            raise self._network_error(
                f"'{request.url.scheme}:' URLs cannot be fetched here, only http and https."
            )
        if request.mode in {"navigate", "websocket"}:
            return await self._http_fetch(may_preflight=False)
        if request.tainting == "basic" and request.url.origin == request.origin:
            return await self._http_fetch(may_preflight=False)
        if request.mode == "same-origin":
            raise self._network_error(f"{request.url} has another origin, but the mode is 'same-origin'.")
        if request.mode == "no-cors":
            if request.redirect != "follow":
                raise self._network_error("In mode 'no-cors', redirect must be 'follow'.")
            request.tainting = "opaque"
            return await self._http_fetch(may_preflight=False)
        request.tainting = "cors"
        if not self._is_preflighted():
            return await self._http_fetch(may_preflight=False)
        try:
            return await self._http_fetch(may_preflight=True)
        except NetworkError:
            self.preflights.forget(request.serialized_origin, request.url.href)
            raise

    def _is_preflighted(self) -> bool:
        request = self.request
        return (
            request.use_cors_preflight
            or request.method not in SAFELISTED_METHODS
            or bool(unsafe_names(request.headers, self.engine))
        )

    async def _http_fetch(self, *, may_preflight: bool) -> ReceivedResponse:
        request = self.request
        if may_preflight and not self._is_in_preflight_cache():
            await self._cors_preflight_fetch()
        exchange = await self._http_network_fetch()
        if request.tainting == "cors":
            self._check_access(exchange)
        if request.tainting == "opaque" and self._is_blocked_by_policy(exchange.response):
            raise self._network_error("Cross-Origin-Resource-Policy hides the response from other origins.")
        if exchange.response.status not in _REDIRECT_STATUS or request.redirect == "manual":
            return exchange.response
        if request.redirect == "error":
            raise self._network_error("The response is a redirect, but redirect is 'error'.")
        return await self._http_redirect_fetch(exchange.response)

    def _is_blocked_by_policy(self, response: ReceivedResponse) -> bool:
        """Section "`Cross-Origin-Resource-Policy` header", for pages without an embedder policy."""
        request, policy = self.request, response.header("Cross-Origin-Resource-Policy")
        if policy == "same-origin":
            return request.url.origin != request.origin
        return policy == "same-site" and is_cross_site(request.origin, request.url)

    async def _http_redirect_fetch(self, response: ReceivedResponse) -> ReceivedResponse:
        request = self.request
        location = read_location(response)
        if location is None:
            return response
        url = self._location_url(location, response)
        if len(request.urls) > _MOST_REDIRECTS:
            raise self._network_error(f"There were more than {_MOST_REDIRECTS} redirects.")
        is_foreign = request.mode == "cors" and url.origin != request.origin
        if url.has_credentials and (is_foreign or request.tainting == "cors"):
            self._check(_userinfo_failure(location, 9 if is_foreign else 10))
        if _becomes_get(response.status, request.method):
            request.method, request.body = "GET", None
            request.headers = [each for each in request.headers if each[0].lower() not in BODY_HEADERS]
        if url.origin != request.url.origin:
            request.headers = [each for each in request.headers if each[0].lower() != NON_WILDCARD]
        request.urls.append(replace(url, fragment=url.fragment or request.url.fragment))
        return await self._main_fetch()

    def _location_url(self, location: str, response: ReceivedResponse) -> URL:
        if sum(name.lower() == "location" for name, _ in response.headers) > 1:
            raise self._network_error("The redirect has several Location headers.")
        if has_other_scheme(location):
            raise self._network_error(f"The redirect goes to '{location}', which is not http or https.")
        try:
            return parse(location, str(self.request.url))
        except ValueError:
            raise self._network_error(f"The redirect goes to '{location}', an invalid URL.") from None

    async def _http_network_fetch(self) -> Exchange:
        """Sections "HTTP-network-or-cache fetch" and "HTTP-network fetch", without the cache."""
        request = self.request
        headers = [*combined(request.headers)]
        if any(get(headers, name) is not None for name in _CONDITIONAL):
            headers += [
                (name, "no-cache") for name in ("Pragma", "Cache-Control") if get(headers, name) is None
            ]
        if request.tainting == "cors" or request.mode == "websocket" or request.method not in _READING:
            headers.append(("Origin", self._origin_as_sent()))
        notes: tuple[str, ...] = ()
        if request.sends_credentials:
            cookie, notes = self.cookies.header(request.url, self._context())
            headers += [("Cookie", cookie)] if cookie else []
        sent = SentRequest(
            request.method, str(request.url), (*headers, *self._metadata(headers)), request.body or b""
        )
        received = await self._send(sent)
        if request.sends_credentials:
            notes += self.cookies.store(request.url, received, self._context())
        else:
            notes = self._without_cookies(sent, received)
        return self._record(Exchange(sent, received, notes=notes))

    def _without_cookies(self, sent: SentRequest, received: ReceivedResponse) -> tuple[str, ...]:
        """Notes for a page that did not ask for cookies where it seems to need them."""
        if self.request.credentials == "omit":
            return ()
        asked = [sent, *(exchange.request for exchange in self.exchanges)]  # a redirect drops Authorization
        has_authorization = any(each.header("Authorization") is not None for each in asked)
        lacks_login = received.status in _NEEDS_LOGIN and not has_authorization
        sets_cookies = received.header("Set-Cookie") is not None
        cases = ((lacks_login, "no cookies were sent"), (sets_cookies, "the response set no cookies"))
        return tuple(
            f'{what}: the page did not write credentials="include"' for is_so, what in cases if is_so
        )

    async def _cors_preflight_fetch(self) -> None:
        request = self.request
        asked = Preflight(
            target=request.url.target,
            method=request.method,
            unsafe_names=unsafe_names(request.headers, self.engine),
            with_credentials=request.with_credentials,
            engine=self.engine,
        )
        headers = [("Accept", "*/*"), (REQUEST_METHOD, asked.method)]
        if asked.unsafe_names:
            headers.append((REQUEST_HEADERS, ",".join(asked.unsafe_names)))
        headers.append(("Origin", request.serialized_origin))
        sent = SentRequest("OPTIONS", str(request.url), (*headers, *self._metadata(headers)))
        exchange = self._record(Exchange(sent, await self._send(sent, is_preflight=True), is_preflight=True))
        response = exchange.response
        self._check(redirect_failure(response))
        self._check_access(exchange)
        failure = asked.status_failure(response)
        self._check(failure, *(() if failure else (OK_STATUS,)))
        failure = asked.failure(response)
        self._check(failure, *asked.passed(failure))
        methods, names = token_list(response, ALLOW_METHODS), token_list(response, ALLOW_HEADERS)
        if methods is None and request.use_cors_preflight:
            methods = [request.method]
        if self.engine.does("wildcards-are-not-kept"):
            methods = _instead_of_wildcard(methods, [asked.method])
            names = _instead_of_wildcard(names, asked.unsafe_names)
        self.preflights.keep(self._cache_key(), methods or (), names or (), max_age(response, self.engine))

    def _is_in_preflight_cache(self) -> bool:
        request, key = self.request, self._cache_key()
        asks_for_method = request.method not in SAFELISTED_METHODS or request.use_cors_preflight
        return (not asks_for_method or self.preflights.has_method(key, request.method)) and all(
            self.preflights.has_header(key, name) for name in unsafe_names(request.headers, self.engine)
        )

    def _cache_key(self) -> CacheKey:
        request = self.request
        return CacheKey(request.serialized_origin, request.url.href, request.with_credentials)

    def _cors_check(self) -> CORSCheck:
        request = self.request
        return CORSCheck(
            request.serialized_origin,
            request.with_credentials,
            is_redirected=len(request.urls) > 1,
            is_preflighted=any(exchange.is_preflight for exchange in self.exchanges),
        )

    def _context(self) -> Context:
        """Where the request comes from, for SameSite ("determine the same-site mode")."""
        request = self.request
        is_foreign = is_cross_site(request.origin, request.url)
        if not (is_foreign or is_cross_site_redirect(request.origin, request.urls)):
            return "same-site"
        if request.mode != "navigate":
            return "cross-site"
        return "navigation" if request.method in _READING else "form-post"

    def _origin_as_sent(self) -> str:
        """Section "`Origin` header", with the default referrer policy, "strict-origin-when-cross-origin"."""
        request = self.request
        is_downgraded = request.origin.startswith("https:") and request.url.scheme != "https"
        is_bare = request.mode in {"cors", "websocket"}  # whatever the referrer policy
        return "null" if is_downgraded and not is_bare else request.serialized_origin

    def _metadata(self, headers: HeaderList) -> HeaderList:
        """The headers of every browser request: User-Agent, Referer, and Fetch Metadata."""
        request = self.request
        metadata: HeaderList = []
        is_websocket = request.mode == "websocket"
        is_told = not (is_websocket and self.engine.does("websockets-have-no-metadata"))
        if is_secure(request.url) and is_told:
            metadata += [
                ("Sec-Fetch-Site", self._site()),
                ("Sec-Fetch-Mode", request.mode),
                ("Sec-Fetch-Dest", self._destination()),
            ]
        is_upgraded = is_secure(request.url) or request.origin.startswith("http:")
        if request.origin != "null" and is_upgraded and not is_websocket:
            metadata.append(("Referer", request.origin + "/"))
        if get(headers, "User-Agent") is None:
            metadata.append(("User-Agent", USER_AGENT))
        return metadata

    def _destination(self) -> str:
        """The value of Sec-Fetch-Dest (Fetch Metadata, section 2.1)."""
        if self.request.mode == "navigate":
            return "document"
        is_named = self.request.mode == "websocket" and self.engine.does("websockets-are-a-destination")
        return "websocket" if is_named else "empty"

    def _site(self) -> str:
        """The value of Sec-Fetch-Site (Fetch Metadata, section 2.3)."""
        request = self.request
        if any(is_cross_site(request.origin, url) for url in request.urls):
            return "cross-site"
        return "same-origin" if all(url.origin == request.origin for url in request.urls) else "same-site"

    async def _send(self, sent: SentRequest, *, is_preflight: bool = False) -> ReceivedResponse:
        try:
            if self.limits.is_over():
                raise self.limits.too_late(sent.url)
            with refusals_logged() as lines:
                received = await self.send(sent)
        except NetworkError as error:
            error.exchanges = tuple(self.exchanges)
            raise
        malformed = malformed_header(received)
        if malformed is not None:
            self._record(Exchange(sent, received, is_preflight))
            name, value = malformed
            raise self._network_error(
                f"The response has a header with NUL, CR or LF in it: {name!a}: {value!a}."
                " Browsers discard the whole response. Remove these bytes on the server."
            )
        return replace(received, logged=lines[-1]) if lines else received

    def _record(self, exchange: Exchange) -> Exchange:
        self.exchanges.append(exchange)
        return exchange

    def _check_access(self, exchange: Exchange) -> None:
        """Section "CORS check"."""
        check = self._cors_check()
        failure = check.failure(exchange)
        self._check(failure, *(() if failure else (check.success(exchange),)))

    def _check(self, failure: Failure | None, *passed: Step) -> None:
        """Records the checks that the last exchange has passed. Records and raises the failure of one."""
        request, exchange = self.request, self.exchanges[-1]
        checks = [Check(step, passed=True) for step in passed]
        checks += [Check(failure.step, passed=False)] if failure else []
        self.exchanges[-1] = replace(exchange, checks=(*exchange.checks, *checks))
        if failure is None:
            return
        failure = self._explained(failure, exchange.response)
        redirected = f" (redirected from '{request.urls[0]}')" if len(request.urls) > 1 else ""
        stage = _PREFLIGHT_STAGE if _is_access_check_of_preflight(exchange, failure) else ""
        message = (
            f"Access to fetch at '{request.url}'{redirected} from origin '{request.origin}' has been blocked"
            f" by CORS policy: {stage}{failure.sentence}"
        )
        raise BlockedByCORS(failure, message, tuple(self.exchanges)) from exchange.response.raised

    def _explained(self, failure: Failure, response: ReceivedResponse) -> Failure:
        """The failure with what the server says. It does not know that a redirect made the origin null."""
        is_null_by_redirect = self.request.serialized_origin != self.request.origin
        said = None if is_null_by_redirect else reason_and_remedy(response)
        return replace(failure, hint=said) if said else failure

    def _network_error(self, message: str) -> NetworkError:
        return NetworkError(message, tuple(self.exchanges))

    def _filtered(self, received: ReceivedResponse) -> Response:
        request, exchanges = self.request, tuple(self.exchanges)
        url = request.url.seen_by_script
        if request.tainting == "opaque":
            return Response("opaque", 0, Headers(()), b"", "", redirected=False, exchanges=exchanges)
        if received.status in _REDIRECT_STATUS and request.redirect == "manual":
            return Response("opaqueredirect", 0, Headers(()), b"", url, redirected=False, exchanges=exchanges)
        is_cors = request.tainting == "cors"
        return Response(
            type="cors" if is_cors else "basic",
            status=received.status,
            headers=readable_across_origins(received, request.with_credentials)
            if is_cors
            else readable_by_same_origin(received),
            _received_body=self._body(received),
            url=url,
            redirected=len(request.urls) > 1,
            exchanges=exchanges,
        )

    def _body(self, received: ReceivedResponse) -> bytes | None:
        """The body for the script, or None if it was cut off ("main fetch", step 21, and reading it)."""
        if not has_body(self.request.method, received.status):
            return b""
        return self._decoded(received) if received.is_complete else None

    def _decoded(self, received: ReceivedResponse) -> bytes:
        """The body without gzip ("handle content codings"). Clients of httpx have decompressed it already."""
        coding = (received.header("Content-Encoding") or "").strip().lower()
        if coding not in {"gzip", "x-gzip"} or not received.body.startswith(_GZIP):
            return received.body
        most, url = self.limits.max_body_bytes, str(self.request.url)
        try:
            body = gzip.GzipFile(fileobj=io.BytesIO(received.body)).read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise self._network_error(f"The body from {url} is not valid gzip: {error}") from error
        if len(body) > most:
            raise self._network_error(self.limits.too_large(url).message)
        return body


def _instead_of_wildcard(listed: list[str] | None, asked: list[str]) -> list[str]:
    return (
        [*(each for each in listed or () if each != "*"), *asked] if "*" in (listed or ()) else listed or []
    )


def _is_access_check_of_preflight(exchange: Exchange, failure: Failure) -> bool:
    in_console = failure.step.section == "CORS check" or failure.reason in {
        "preflight-status",
        "preflight-redirect",
    }
    return exchange.is_preflight and in_console


def _becomes_get(status: int, method: str) -> bool:
    """Whether a redirect drops the method, and the body with it ("HTTP-redirect fetch", step 12)."""
    if status == HTTPStatus.SEE_OTHER:
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"


def _userinfo_failure(location: str, step: int) -> Failure:
    return Failure(
        "redirect-with-credentials-in-url",
        Step("HTTP-redirect fetch", str(step), "http-redirect-fetch"),
        f"Redirect location '{location}' contains a username and password, which is disallowed for"
        f" cross-origin requests.",
        "Redirect to an address without 'user:password@'.",
    )
