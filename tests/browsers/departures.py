"""The departures from the standard that ``Browser`` does not follow, and the cases in which they show.

Those of forms, beacons and WebSockets are in test_writing.py.
"""

from crosscors.testing.engines import CHROMIUM, FIREFOX, WEBKIT, EngineName

from .cases.redirects import BYTES_IN_LOCATION

_REFUSED = (
    "a refused answer forgets the preflight",
    "an answer refused at once forgets the preflight",
    "a refused redirect forgets the preflight",
    "redirect: error forgets the preflight",
)
_UPLOADS = (
    "kept for an upload with a listener, by a list of other methods",
    "kept for a header, then an upload with a listener",
)
_BEYOND_64_BITS = ("Access-Control-Max-Age as '99999999999999999999', after six seconds",)
_MADE_SIMPLE = (
    *(f"{method} and a 303" for method in ("PUT", "DELETE", "OPTIONS", "CHICKEN")),
    "PUT and a 303 to another origin",
    *(f"Authorization and a {status} from the own origin" for status in (302, 308)),
    *(f"Authorization and a {status} to a second origin" for status in (302, 308)),
)
_READ_ALIKE = {
    "a fragment in UTF-8",
    "a user in UTF-8",
    "a host in encoded UTF-8",
    "a host in encoded Latin-1",
}


def _in_one_site(*cookies: str) -> tuple[str, ...]:
    return tuple(
        f"Set-Cookie of {cookie!r} by {place} for the {page} page"
        for cookie in cookies
        for page, place in (("page", "api"), ("numeric", "numeric"))
    )


UNFOLLOWED: dict[str, dict[EngineName, tuple[str, ...]]] = {
    "uploads-use-any-preflight": dict.fromkeys((CHROMIUM, FIREFOX, WEBKIT), _UPLOADS),
    "failures-clear-otherwise": {
        CHROMIUM: _REFUSED,
        FIREFOX: ("a refused simple request forgets the preflight", "redirect: error forgets the preflight"),
        WEBKIT: (*_REFUSED, "a preflight refused for its method forgets an earlier one"),
    },
    "max-age-beyond-64-bits": dict.fromkeys((CHROMIUM, WEBKIT), _BEYOND_64_BITS),
    "wildcards-with-credentials-are-apart": {CHROMIUM: ("a preflight with credentials adds nothing for *",)},
    "later-preflights-do-not-shorten": {FIREFOX: ("a second preflight shortens what the first allowed",)},
    "refused-preflights-are-kept": {
        WEBKIT: (
            "a preflight that allows something else keeps nothing of it",
            "a preflight that allows one of two headers keeps nothing",
            "a second preflight adds to the first",
        )
    },
    "credentials-in-own-redirects": {CHROMIUM: ("a Location with a user, of the own origin",)},
    "preflights-after-redirects-name-the-page": {
        FIREFOX: (
            *(f"PUT and a {status} to another origin" for status in (301, 302, 307, 308)),
            *(f"a header and a {status} to a second origin" for status in (302, 308)),
            *(f"Authorization and a header and a {status} to a second origin" for status in (302, 308)),
            "the second preflight is refused",
            "a preflight back home",
            "a null origin's preflight",
            "an upload with a listener by a 307 to another origin",
        )
    },
    "redirected-requests-stay-preflighted": {
        FIREFOX: _MADE_SIMPLE,
        WEBKIT: (
            *_MADE_SIMPLE,
            *(f"Authorization and a header and a {status} from the own origin" for status in (302, 308)),
            *(f"Authorization and a header and a {status} to a second origin" for status in (302, 308)),
            *(f"JSON and a {status}" for status in (301, 302, 303)),
        ),
    },
    "no-second-redirect-from-home": {
        WEBKIT: (
            *(
                f"from page by api and {place}, shared with {whom}"
                for place in ("api", "other", "page")
                for whom in ("anyone", "the page")
            ),
            "a cookie of the own origin and a redirect out and back, same-origin",
        )
    },
    "399-redirects": {WEBKIT: ("a 399 with a Location",)},
    "location-is-latin-1": {
        WEBKIT: tuple(f"a Location with {what}" for what in BYTES_IN_LOCATION if what not in _READ_ALIKE)
    },
    "location-keeps-controls": {
        FIREFOX: tuple(f"a Location of {location!r}" for location in ("a\tb", "x\x1c", "\x1cx"))
    },
    "names-with-nul-are-left-out": {
        FIREFOX: tuple(
            f"NUL in {what}"
            for what in ("a name", "front of a name", "the end of a name", "a line without a colon")
        )
    },
    "exposing-everything-and-nonsense": {FIREFOX: ("'*, B C' exposed",)},
    "user-agent-of-preflights": {WEBKIT: ("User-Agent of 'mine'", "User-Agent of 'mine', which is allowed")},
    "types-of-blobs-in-no-cors": {WEBKIT: ("no-cors leaves a JSON Blob's type out",)},
    "empty-lines-are-not-joined": {
        FIREFOX: (
            "'' and '' as the value of an exposed field",
            "'a' and '' and 'b' as the value of an exposed field",
        )
    },
    "secure-cookies-need-tls-here": {
        WEBKIT: _in_one_site(
            *("a=1; SameSite=None; Secure", "a=1; Secure", "__Secure-a=1; Secure"),
            "__Host-a=1; Secure; Path=/",
        )
    },
    "samesite-none-without-secure": {WEBKIT: _in_one_site("a=1; SameSite=None")},
    "cookie-prefixes-are-not-checked": {
        WEBKIT: _in_one_site("__Secure-a=1", "__secure-a=1", "__Host-a=1; Path=/")
    },
}
