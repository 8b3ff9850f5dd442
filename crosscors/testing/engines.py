"""The browser engines, and where they depart from the Fetch standard.

`tests/browsers` tests every line of the table in the real engines: Chromium 156, Firefox 153, WebKitGTK 2.50.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EngineName = Literal["chromium", "firefox", "webkit"]

CHROMIUM: EngineName = "chromium"
FIREFOX: EngineName = "firefox"
WEBKIT: EngineName = "webkit"


@dataclass(frozen=True)
class Departure:
    """Something that engines do and the standard does not. If it is followed, a `Browser` does it, too."""

    sentence: str
    engines: tuple[EngineName, ...]
    followed: bool = True


DEPARTURES: dict[str, Departure] = {
    # Which requests are preflighted, and what the preflight requests
    "no-preflight-for-an-empty-upload": Departure(
        "upload listeners on an XMLHttpRequest without a body cause no preflight",
        (CHROMIUM,),
    ),
    "client-hints-are-safelisted": Departure(
        "client hints set by a script (`Save-Data`, `DPR`, `Width` and others) need no preflight if their"
        " values are valid (`on`, `2.0`, `100`)",
        (CHROMIUM,),
    ),
    "user-agent-is-forbidden": Departure(
        "a script cannot set `User-Agent`: the header is dropped silently", (CHROMIUM,)
    ),
    "values-are-judged-joined": Departure(
        "if a safelisted header is set several times, its values share the limit of 128 bytes",
        (CHROMIUM, WEBKIT),
    ),
    "values-have-no-total-limit": Departure(
        "safelisted values have no limit of 1024 bytes together", (FIREFOX,)
    ),
    "bytes-outside-ascii-are-unsafe": Departure(
        "`Accept` and `Content-Type` with a byte outside ASCII need a preflight", (FIREFOX,)
    ),
    "names-are-asked-for-repeatedly": Departure(
        "if a header is set several times, `Access-Control-Request-Headers` repeats its name", (FIREFOX,)
    ),
    "range-unit-in-any-case": Departure(
        "`Range: Bytes=0-1` needs no preflight: the case of `bytes` does not matter", (WEBKIT,)
    ),
    # What a preflight allows
    "wildcard-covers-authorization": Departure(
        "`Access-Control-Allow-Headers: *` covers `Authorization`; in the standard, it must be named",
        (CHROMIUM, FIREFOX, WEBKIT),
    ),
    # How long it is kept
    "max-age-may-be-signed": Departure(
        "with `Access-Control-Max-Age: -1`, a preflight is not kept, and with `+60` for a minute; in the"
        " standard, 5 seconds",
        (CHROMIUM, WEBKIT),
    ),
    "illegible-max-age-is-zero": Departure(
        "with an `Access-Control-Max-Age` that is not a number, a preflight is not kept; in the standard, 5"
        " seconds",
        (FIREFOX,),
    ),
    "preflights-replace-each-other": Departure(
        "only the last preflight of an origin for a URL is kept", (CHROMIUM, WEBKIT)
    ),
    "kept-wildcards-cover-authorization": Departure(
        "a kept preflight with `Access-Control-Allow-Headers: *` covers `Authorization`, too", (WEBKIT,)
    ),
    "preflights-of-null-are-not-kept": Departure("preflights from `null` are not kept", (CHROMIUM,)),
    "wildcards-are-not-kept": Departure(
        "a kept preflight with `*` covers only the method and headers that it requested",
        (FIREFOX,),
    ),
    "preflights-with-credentials-are-apart": Departure(
        "a preflight for a request with credentials is not reused for one without", (FIREFOX,)
    ),
    # Cookies
    "cookies-default-to-samesite-none": Departure(
        "a cookie without `SameSite` is sent from other sites, too", (FIREFOX, WEBKIT)
    ),
    "form-posts-send-fresh-cookies": Departure(
        "a form post from another site sends cookies without `SameSite` that are at most two minutes old",
        (CHROMIUM,),
    ),
    "third-party-cookies-are-blocked": Departure(
        "no cookie is kept from a response of another site than the page's", (WEBKIT,)
    ),
    # WebSockets
    "websockets-have-no-metadata": Departure(
        "the handshake of a WebSocket has no `Sec-Fetch-Site`, `Sec-Fetch-Mode` and `Sec-Fetch-Dest`",
        (CHROMIUM,),
    ),
    "websockets-are-a-destination": Departure(
        "the handshake of a WebSocket has `Sec-Fetch-Dest: websocket`; in the standard, `empty`", (WEBKIT,)
    ),
    # Not followed: rare, and no reason for a server to send anything else
    "uploads-use-any-preflight": Departure(
        "an upload with listeners needs no preflight while another preflight for the URL is kept",
        (CHROMIUM, FIREFOX, WEBKIT),
        followed=False,
    ),
    "failures-clear-otherwise": Departure(
        "engines differ in which failures drop the kept preflights of a URL",
        (CHROMIUM, FIREFOX, WEBKIT),
        followed=False,
    ),
    "max-age-beyond-64-bits": Departure(
        "with an `Access-Control-Max-Age` of more than 64 bits, a preflight is kept for 5 seconds",
        (CHROMIUM, WEBKIT),
        followed=False,
    ),
    "wildcards-with-credentials-are-apart": Departure(
        "a kept preflight with `*` for a request with credentials is not reused for one without",
        (CHROMIUM,),
        followed=False,
    ),
    "later-preflights-do-not-shorten": Departure(
        "a preflight with `Access-Control-Max-Age: 0` does not end what an earlier one has allowed",
        (FIREFOX,),
        followed=False,
    ),
    "refused-preflights-are-kept": Departure(
        "a preflight that refuses the request is kept for what its lists do allow",
        (WEBKIT,),
        followed=False,
    ),
    "credentials-in-own-redirects": Departure(
        "a redirect to `user:password@` is blocked even within the page's own origin",
        (CHROMIUM,),
        followed=False,
    ),
    "preflights-after-redirects-name-the-page": Departure(
        "after a redirect from one foreign origin to another, the preflight still has the page's origin",
        (FIREFOX,),
        followed=False,
    ),
    "redirected-requests-stay-preflighted": Departure(
        "a preflighted request is preflighted again after a redirect, even if the redirect makes it simple",
        (FIREFOX, WEBKIT),
        followed=False,
    ),
    "no-second-redirect-from-home": Departure(
        "a request to the page's own origin is blocked if it is redirected to another origin and then"
        " redirected again",
        (WEBKIT,),
        followed=False,
    ),
    "399-redirects": Departure("a 399 response with `Location` is a redirect", (WEBKIT,), followed=False),
    "location-is-latin-1": Departure(
        "bytes outside ASCII in `Location` are read as Latin-1, or as U+FFFD if they are not UTF-8, and then"
        " percent-encoded",
        (WEBKIT,),
        followed=False,
    ),
    "location-keeps-controls": Departure(
        "control characters and tabs in `Location` are percent-encoded; other engines remove them",
        (FIREFOX,),
        followed=False,
    ),
    "names-with-nul-are-left-out": Departure(
        "NUL in the name of a response header drops only that header, not the whole response",
        (FIREFOX,),
        followed=False,
    ),
    "exposing-everything-and-nonsense": Departure(
        "`Access-Control-Expose-Headers: *` exposes everything, even next to an invalid name",
        (FIREFOX,),
        followed=False,
    ),
    "user-agent-of-preflights": Departure(
        "a `User-Agent` set by a script is sent with the preflight, too", (WEBKIT,), followed=False
    ),
    "types-of-blobs-in-no-cors": Departure(
        'in mode "no-cors", every type of a Blob is sent', (WEBKIT,), followed=False
    ),
    "cookies-are-partitioned": Departure(
        "a cookie is sent from pages of other sites only if it was set there",
        (FIREFOX,),
        followed=False,
    ),
    "sandboxes-count-as-the-page-around": Departure(
        "a beacon from a sandboxed frame has the origin of the page around it, and a WebSocket the cookies",
        (WEBKIT,),
        followed=False,
    ),
    "secure-cookies-need-tls-here": Departure(
        "`Secure` cookies need TLS on `localhost` and `127.0.0.1`, too", (WEBKIT,), followed=False
    ),
    "samesite-none-without-secure": Departure(
        "`SameSite=None` is kept without `Secure`", (WEBKIT,), followed=False
    ),
    "cookie-prefixes-are-not-checked": Departure(
        "cookies named `__Secure-...` and `__Host-...` are kept with any attributes",
        (WEBKIT,),
        followed=False,
    ),
    "empty-lines-are-not-joined": Departure(
        "if a response header is repeated, those without a value are left out", (FIREFOX,), followed=False
    ),
}


@dataclass(frozen=True)
class Engine:
    """A browser: its departures from the standard, and its own limit on max-age."""

    name: EngineName | None
    max_age_limit: int | None = None  # seconds

    def does(self, departure: str) -> bool:
        return self.name in DEPARTURES[departure].engines


STANDARD = Engine(None)
ENGINES: dict[EngineName, Engine] = {
    CHROMIUM: Engine(CHROMIUM, max_age_limit=7200),
    FIREFOX: Engine(FIREFOX, max_age_limit=86400),
    WEBKIT: Engine(WEBKIT, max_age_limit=600),
}
