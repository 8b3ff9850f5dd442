"""The browser engines, and where they depart from the Fetch standard.

`tests/browsers` holds every line of the table against the real engines: Chromium 156, Firefox 153, WebKitGTK
2.50.
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
    """What some engines do instead of what the standard says; a `Browser` does so too, if it is followed."""

    sentence: str
    engines: tuple[EngineName, ...]
    followed: bool = True


DEPARTURES: dict[str, Departure] = {
    # Which requests are preflighted, and what the preflight asks for
    "no-preflight-for-an-empty-upload": Departure(
        "an XMLHttpRequest with listeners on its upload is not preflighted for their sake when it has no"
        " body",
        (CHROMIUM,),
    ),
    "client-hints-are-safelisted": Departure(
        "client hints that a script sets (`Save-Data`, `DPR`, `Width` and others) need no preflight if their"
        " values are valid (`on`, `2.0`, `100`)",
        (CHROMIUM,),
    ),
    "user-agent-is-forbidden": Departure(
        "a script cannot set `User-Agent`, which is dropped silently", (CHROMIUM,)
    ),
    "values-are-judged-joined": Departure(
        "a safelisted header that is set several times may have 128 bytes in all, instead of each time",
        (CHROMIUM, WEBKIT),
    ),
    "values-have-no-total-limit": Departure(
        "safelisted values may have more than 1024 bytes together", (FIREFOX,)
    ),
    "bytes-outside-ascii-are-unsafe": Departure(
        "`Accept` and `Content-Type` with a byte outside ASCII need a preflight", (FIREFOX,)
    ),
    "names-are-asked-for-repeatedly": Departure(
        "a header that is set several times is repeated in `Access-Control-Request-Headers`", (FIREFOX,)
    ),
    "range-unit-in-any-case": Departure(
        "`Range: Bytes=0-1` needs no preflight, in whatever case `bytes` is written", (WEBKIT,)
    ),
    # What a preflight allows
    "wildcard-covers-authorization": Departure(
        "`Access-Control-Allow-Headers: *` covers `Authorization`, which by the standard has to be named",
        (CHROMIUM, FIREFOX, WEBKIT),
    ),
    # How long it is kept
    "max-age-may-be-signed": Departure(
        "`Access-Control-Max-Age: -1` keeps a preflight not at all, and `+60` for a minute; by the"
        " standard, 5 seconds",
        (CHROMIUM, WEBKIT),
    ),
    "illegible-max-age-is-zero": Departure(
        "an `Access-Control-Max-Age` that is no number keeps a preflight not at all; by the standard, 5"
        " seconds",
        (FIREFOX,),
    ),
    "preflights-replace-each-other": Departure(
        "of an origin's preflights for a URL, only the last one is kept", (CHROMIUM, WEBKIT)
    ),
    "kept-wildcards-cover-authorization": Departure(
        "a `*` that is kept for the headers of a URL covers `Authorization` as well", (WEBKIT,)
    ),
    "preflights-of-null-are-not-kept": Departure("preflights from `null` are not kept", (CHROMIUM,)),
    "wildcards-are-not-kept": Departure(
        "what `*` has allowed is kept for the method and the headers that were asked for, and no others",
        (FIREFOX,),
    ),
    "preflights-with-credentials-are-apart": Departure(
        "a preflight for a request with credentials is not used for one without", (FIREFOX,)
    ),
    # Cookies
    "cookies-default-to-samesite-none": Departure(
        "a cookie without `SameSite` goes along from other sites as well", (FIREFOX,)
    ),
    # Not followed: rare, and of no consequence for what a server has to send
    "uploads-use-any-preflight": Departure(
        "an upload with listeners needs no preflight while any other for the URL is kept",
        (CHROMIUM, FIREFOX, WEBKIT),
        followed=False,
    ),
    "failures-clear-otherwise": Departure(
        "which failures drop the preflights that are kept for a URL differs from engine to engine",
        (CHROMIUM, FIREFOX, WEBKIT),
        followed=False,
    ),
    "max-age-beyond-64-bits": Departure(
        "an `Access-Control-Max-Age` of more than 64 bits keeps a preflight for 5 seconds",
        (CHROMIUM, WEBKIT),
        followed=False,
    ),
    "wildcards-with-credentials-are-apart": Departure(
        "a `*` that was received with credentials, where it is only a name, serves no request without",
        (CHROMIUM,),
        followed=False,
    ),
    "later-preflights-do-not-shorten": Departure(
        "a preflight with `Access-Control-Max-Age: 0` leaves what an earlier one has allowed",
        (FIREFOX,),
        followed=False,
    ),
    "refused-preflights-are-kept": Departure(
        "a preflight whose lists refuse the request is kept all the same, for what they do allow",
        (WEBKIT,),
        followed=False,
    ),
    "credentials-in-own-redirects": Departure(
        "a redirect to `user:password@` is blocked within one's own origin as well",
        (CHROMIUM,),
        followed=False,
    ),
    "preflights-after-redirects-name-the-page": Departure(
        "after a redirect from one foreign origin to another, the preflight still has the page's origin",
        (FIREFOX,),
        followed=False,
    ),
    "redirected-requests-stay-preflighted": Departure(
        "a request that was preflighted once is preflighted again after a redirect that made it simple",
        (FIREFOX, WEBKIT),
        followed=False,
    ),
    "no-second-redirect-from-home": Departure(
        "a request to the page's own origin is blocked when it is redirected out and then redirected again",
        (WEBKIT,),
        followed=False,
    ),
    "399-redirects": Departure("a response 399 with `Location` is followed", (WEBKIT,), followed=False),
    "location-is-latin-1": Departure(
        "bytes beyond ASCII in `Location` are read as Latin-1, and those that are not UTF-8 as U+FFFD, before"
        " they are percent-encoded",
        (WEBKIT,),
        followed=False,
    ),
    "location-keeps-controls": Departure(
        "control characters and tabs in `Location` are percent-encoded where others leave them out",
        (FIREFOX,),
        followed=False,
    ),
    "names-with-nul-are-left-out": Departure(
        "a response header with NUL in its name is left out, instead of the whole response",
        (FIREFOX,),
        followed=False,
    ),
    "exposing-everything-and-nonsense": Departure(
        "`Access-Control-Expose-Headers: *` exposes everything, even beside what is no name",
        (FIREFOX,),
        followed=False,
    ),
    "user-agent-of-preflights": Departure(
        "a `User-Agent` that a script sets is sent with the preflight, too", (WEBKIT,), followed=False
    ),
    "types-of-blobs-in-no-cors": Departure(
        'in the mode "no-cors", the type of a Blob is sent whatever it is', (WEBKIT,), followed=False
    ),
    "third-party-cookies-are-blocked": Departure(
        "no cookie is sent to, or kept from, another site than the page's", (WEBKIT,), followed=False
    ),
    "secure-cookies-need-tls-here": Departure(
        "`Secure` cookies need TLS on `localhost` and `127.0.0.1`, too", (WEBKIT,), followed=False
    ),
    "samesite-none-without-secure": Departure(
        "`SameSite=None` is kept without `Secure`", (WEBKIT,), followed=False
    ),
    "cookie-prefixes-are-not-checked": Departure(
        "cookies named `__Secure-...` and `__Host-...` are kept whatever their attributes are",
        (WEBKIT,),
        followed=False,
    ),
    "empty-lines-are-not-joined": Departure(
        "of repeated response fields, those without a value are left out", (FIREFOX,), followed=False
    ),
}


@dataclass(frozen=True)
class Engine:
    """A browser: its departures from the standard, and a limit on max-age that the standard leaves to it."""

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
