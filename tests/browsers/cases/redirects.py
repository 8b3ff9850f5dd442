"""Redirects: each hop is checked for itself, and the origin, the method and the headers may change."""

from collections.abc import Mapping
from typing import Any

from ..model import ANYONE, CREDENTIALS, THE_PAGE, Answer, Body, Case, Fetch, Resource, answer

STATUSES = (301, 302, 303, 307, 308)
METHODS = "Access-Control-Allow-Methods: *"
HEADERS = "Access-Control-Allow-Headers: *, Authorization"
OPEN = answer(ANYONE, METHODS, HEADERS)
SHARED = (THE_PAGE, CREDENTIALS)
NULL = "Access-Control-Allow-Origin: null"


def to(location: str, *lines: str, status: int = 302) -> Answer:
    return answer(*(lines or (ANYONE,)), f"Location: {location}", status=status, body="moved")


def chain(name: str, fetch: Fetch, *hops: Answer, page: str = "page", **others: Any) -> Case:
    """A case whose resources are called first, second and so on; all preflights are answered alike."""
    preflight: Answer = others.get("preflight", OPEN)
    resources: Mapping[str, Resource] = {
        f"hop{number}": Resource((hop,), (preflight,)) for number, hop in enumerate(hops)
    }
    return Case(name, (fetch,), resources, page)


def at(place: str, **others: Any) -> Fetch:
    return Fetch(f"{{{place}}}/hop0", **others)


ROUTES = tuple(
    chain(
        f"a {status} from {route[0]} by {' and '.join(route[1:])}, shared with {what}",
        at(route[0]),
        *(to(f"{{{place}}}/hop{number}", line, status=status) for number, place in enumerate(route[1:], 1)),
        answer(line),
    )
    for status in (302, 307)
    for route in (("api", "api"), ("page", "api"), ("api", "other"), ("api", "page"), ("page", "page"))
    for what, line in (("anyone", ANYONE), ("the page", THE_PAGE), ("null", NULL))
)

LONG_ROUTES = tuple(
    chain(
        f"from {route[0]} by {' and '.join(route[1:])}, shared with {what}",
        at(route[0]),
        *(to(f"{{{place}}}/hop{number}", line) for number, place in enumerate(route[1:], 1)),
        answer(line),
    )
    for route in (
        *(
            ("page", "api", "page"),
            ("page", "api", "other"),
            ("api", "other", "api"),
            ("api", "api", "other"),
        ),
        *(
            ("page", "page", "api"),
            ("api", "other", "other"),
            ("page", "api", "api"),
            ("api", "named", "ipv6"),
        ),
        ("api", "page", "page"),
    )
    for what, line in (("anyone", ANYONE), ("the page", THE_PAGE))
)

MIXED = (
    chain(
        "from page by api and api, shared with the page and its credentials",
        at("page"),
        to("{api}/hop1", *SHARED),
        to("{api}/hop2", *SHARED),
        answer(*SHARED),
    ),
    chain(
        "from page by api and api, shared with the page and its credentials, under omit",
        at("page", credentials="omit"),
        to("{api}/hop1", THE_PAGE),
        to("{api}/hop2", THE_PAGE),
        answer(THE_PAGE),
    ),
    chain(
        "the origin becomes null on the way, and both are allowed",
        at("api"),
        to("{other}/hop1", THE_PAGE),
        answer(NULL),
    ),
    chain(
        "the origin becomes null on the way back home", at("api"), to("{page}/hop1", THE_PAGE), answer(NULL)
    ),
    chain("a redirect that shares nothing", at("api"), to("{api}/hop1", "X-A: 1"), answer(ANYONE)),
    chain(
        "a redirect that shares nothing, to another origin",
        at("api"),
        to("{other}/hop1", "X-A: 1"),
        answer(ANYONE),
    ),
    chain("a redirect to what shares nothing", at("api"), to("{api}/hop1"), answer()),
    chain(
        "a redirect of the own origin, to what shares nothing",
        at("page"),
        to("{api}/hop1", "X-A: 1"),
        answer(),
    ),
    chain(
        "a redirect of the own origin needs no sharing",
        at("page"),
        to("{api}/hop1", "X-A: 1"),
        answer(THE_PAGE),
    ),
    chain("a redirect from a null origin", at("api"), to("{other}/hop1", NULL), answer(NULL), page="sandbox"),
    chain(
        "a redirect within the origin", at("api"), to("{api}/hop1", "X-A: 1"), answer("X-A: 1"), page="api"
    ),
    chain(
        "an exposed field of the last answer",
        at("api"),
        to("{api}/hop1", ANYONE, "Access-Control-Expose-Headers: X-A"),
        answer(ANYONE, "X-A: 1"),
    ),
    chain(
        "a field that the last answer exposes",
        at("api"),
        to("{api}/hop1", ANYONE, "X-B: 1"),
        answer(ANYONE, "X-A: 1", "Access-Control-Expose-Headers: X-A, X-B"),
    ),
)

CHANGES = tuple(
    chain(
        f"{method} and a {status}{' to another origin' if place == 'other' else ''}",
        at("api", method=method, body=Body("text", "x") if method in ("POST", "PUT") else None),
        to(f"{{{place}}}/hop1", status=status),
        answer(ANYONE),
    )
    for status in STATUSES
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CHICKEN")
    for place in (("api", "other") if method in ("POST", "PUT") else ("api",))
)

CARRIED = tuple(
    chain(
        f"{what} and a {status} {where}",
        at(first, headers=headers),
        to(f"{{{second}}}/hop1", status=status),
        answer(ANYONE),
        page=page,
    )
    for status in (302, 308)
    for what, headers in (
        ("a header", {"X-A": "1"}),
        ("Authorization", {"Authorization": "Bearer x"}),
        ("Authorization and a header", {"Authorization": "Bearer x", "X-A": "1"}),
        ("Content-Language", {"Content-Language": "en"}),
    )
    for where, first, second, page in (
        ("within another origin", "api", "api", "page"),
        ("to a second origin", "api", "other", "page"),
        ("from the own origin", "api", "other", "api"),
        ("within the own origin", "api", "api", "api"),
    )
)

TYPED = tuple(
    chain(
        f"JSON and a {status}",
        at(
            "api",
            method="POST",
            headers={"Content-Type": "application/json", "X-A": "1"},
            body=Body("text", "{}"),
        ),
        to("{api}/hop1", status=status),
        answer(ANYONE),
    )
    for status in STATUSES
)

MODES = tuple(
    chain(
        f"{redirect} and a {status}{what}{' within the origin' if page == 'api' else ''}",
        at("api", redirect=redirect),
        to("{api}/hop1", *lines, status=status),
        answer(ANYONE),
        page=page,
    )
    for redirect in ("error", "manual")
    for status in (301, 303, 308)
    for what, lines in (("", (ANYONE,)), (" that shares nothing", ("X-A: 1",)))
    for page in ("page", "api")
)

OTHER_MODES = (
    chain(
        "manual and a preflight", at("api", redirect="manual", method="PUT"), to("{api}/hop1"), answer(ANYONE)
    ),
    chain("manual and no redirect", at("api", redirect="manual"), answer(ANYONE)),
    chain("error and no redirect", at("api", redirect="error"), answer(ANYONE)),
    chain("no-cors to another origin", at("api", mode="no-cors"), to("{other}/hop1", "X-A: 1"), answer()),
    chain("no-cors from the own origin", at("page", mode="no-cors"), to("{api}/hop1", "X-A: 1"), answer()),
    chain(
        "a no-cors POST to another origin by a 307",
        at("api", mode="no-cors", method="POST"),
        to("{other}/hop1", "X-A: 1", status=307),
        answer(),
    ),
    chain("same-origin and a redirect out", at("page", mode="same-origin"), to("{api}/hop1"), answer(ANYONE)),
    chain("same-origin and a redirect within", at("page", mode="same-origin"), to("{page}/hop1"), answer()),
    chain(
        "a POST of the own origin by a 307 to another",
        at("page", method="POST"),
        to("{api}/hop1", status=307),
        answer(ANYONE),
    ),
)

LOCATIONS = tuple(
    chain(
        f"a Location of {location!r}",
        at("api"),
        answer(
            ANYONE,
            *([] if location is None else [f"Location: {location}"]),
            "Access-Control-Expose-Headers: Location",
            status=302,
        ),
        answer(ANYONE),
    )
    for location in (
        *(None, "hop1", "/elsewhere", "?again", "#part", "hop1#part", "//localhost:{other.port}/elsewhere"),
        *(
            "http://me:secret@localhost:{api.port}/x",
            "http://me@localhost:{other.port}/x",
            "http://:x@localhost:{api.port}/x",
        ),
        *(
            "http://[/",
            "data:text/plain,x",
            "ftp://localhost/x",
            "about:blank",
            "blob:x",
            "hop1?a=b c",
            "./../x",
            "HTTP://LOCALHOST:{api.port}/x",
        ),
        *("http://@localhost:{api.port}/x", "javascript:0"),
        *("a//b", "a//../b//", "a b", "a'b", "hop1?'%zz", "a\\b", "a;b", "a:b/", "x\x7f", "a\x01x"),
        *("a\tb", "x\x1c", "\x1cx"),
    )
)


def utf8(text: str) -> str:
    """The bytes of the text, as they go over the wire."""
    return text.encode().decode("latin-1")


# Those without a host are relative, and land where nothing is shared unless it is staged.
BYTES_IN_LOCATION = {
    "a path in UTF-8": utf8("café"),
    "a path in Latin-1": "caf\xe9",
    "a path in both": utf8("é") + "\xe9",
    "an encoded path and UTF-8": utf8("%C3%A9é%"),
    "four bytes": utf8("😀"),
    "a sequence that is too long": "a\xc0\xaf",
    "a sequence that breaks off": "a\xc3",
    "a surrogate": "a\xed\xa0\x80",
    "a C1 control": "a\x85",
    "a blank of Latin-1 at its end": "a\xa0",
    "a blank of Latin-1 before it": "\xa0a",
    "a blank of UTF-8 around it": utf8("\u3000a\u00a0"),
    "a byte order mark": utf8("\ufeffa"),
    "dots behind UTF-8": utf8("é/../ü"),
    "a colon behind UTF-8": utf8("é:x"),
    "a full-width slash": utf8("\uff0fx"),
    "a query in UTF-8": utf8("hop1?q=é"),
    "a query in Latin-1": "hop1?q=\xe9",
    "a fragment in UTF-8": utf8("hop1#é"),
    "a user in UTF-8": utf8("http://é@localhost:{api.port}{path}/hop1"),
    "a host in UTF-8": utf8("http://BÜCHER.localhost:{api.port}{path}/hop1"),
    "a host in Latin-1": "http://b\xfccher.localhost:{api.port}{path}/hop1",
    "a host in encoded UTF-8": "http://b%C3%BCcher.localhost:{api.port}{path}/hop1",
    "a host in encoded Latin-1": "http://b%FCcher.localhost:{api.port}{path}/hop1",
    "a full-width host": utf8("http://\uff4cocalhost:{api.port}{path}/hop1"),
    "a host with an ideographic full stop": utf8("http://api\u3002localhost:{api.port}{path}/hop1"),
}

BYTES = tuple(
    chain(f"a Location with {what}", at("api"), to(location), answer(ANYONE))
    for what, location in BYTES_IN_LOCATION.items()
)

FROM_HOME = (
    chain(
        "a Location with a user, of the own origin",
        at("api"),
        to("http://me:secret@localhost:{api.port}/x"),
        answer(),
        page="api",
    ),
    chain(
        "a Location with a user, from the own origin to another",
        at("page"),
        to("http://me:secret@localhost:{api.port}/x"),
        answer(),
    ),
    chain(
        "a fragment of the script's URL lives on", Fetch("{api}/hop0#mine"), to("{api}/hop1"), answer(ANYONE)
    ),
)

NO_REDIRECTS = tuple(
    chain(f"a {status} with a Location", at("api"), to("{api}/hop1", status=status), answer(ANYONE))
    for status in (200, 201, 300, 305, 306, 399, 401)
)

LONG = tuple(
    chain(
        f"{count} redirects",
        at("api"),
        *(to(f"{{api}}/hop{number + 1}") for number in range(count)),
        answer(ANYONE),
    )
    for count in (19, 20, 21)
)

PREFLIGHTED = (
    chain(
        "the second preflight is refused",
        at("api", method="PUT"),
        to("{other}/hop1", status=307),
        answer(ANYONE),
        preflight=answer(THE_PAGE, METHODS),
    ),
    chain(
        "a preflight comes with the redirect to another origin",
        at("page", method="PUT", headers={"X-A": "1"}),
        to("{api}/hop1", status=307),
        answer(ANYONE),
    ),
    chain(
        "a preflight that comes with the redirect is refused",
        at("page", method="PUT"),
        to("{api}/hop1", status=307),
        answer(ANYONE),
        preflight=answer(),
    ),
    chain("a preflight back home", at("api", method="PUT"), to("{page}/hop1", status=307), answer(ANYONE)),
    chain(
        "a null origin's preflight",
        at("api", headers={"X-A": "1"}),
        to("{other}/hop1"),
        answer(NULL),
        preflight=answer("Access-Control-Allow-Origin: *", HEADERS),
    ),
    chain(
        "an upload with a listener by a 307",
        at("api", method="POST", body=Body("text", "x"), upload_listener=True),
        to("{api}/hop1", status=307),
        answer(ANYONE),
    ),
    chain(
        "an upload with a listener by a 307 to another origin",
        at("api", method="POST", body=Body("text", "x"), upload_listener=True),
        to("{other}/hop1", status=307),
        answer(ANYONE),
    ),
    chain(
        "an upload with a listener by a 307 from the own origin",
        at("page", method="POST", body=Body("text", "x"), upload_listener=True),
        to("{api}/hop1", status=307),
        answer(ANYONE),
    ),
)

CREDENTIALED = (
    *(
        chain(
            f"credentials, {where}, {what}",
            at(first, credentials="include"),
            to(f"{{{second}}}/hop1", *SHARED, "Set-Cookie: a=1"),
            answer(*lines),
        )
        for where, first, second in (
            ("within another origin", "api", "api"),
            ("to a second origin", "api", "other"),
            ("from the own origin", "page", "api"),
            ("back home", "api", "page"),
        )
        for what, lines in (
            ("shared with the page", SHARED),
            ("shared with null", (NULL, CREDENTIALS)),
            ("shared with anyone", (ANYONE, CREDENTIALS)),
            ("without Access-Control-Allow-Credentials", (THE_PAGE,)),
        )
    ),
    chain(
        "credentials, and a redirect that shares with anyone",
        at("api", credentials="include"),
        to("{api}/hop1", ANYONE),
        answer(*SHARED),
    ),
    *(
        chain(
            f"a cookie of the own origin and a redirect {where}, {credentials}",
            at("page", credentials=credentials),
            to(f"{{{second}}}/hop1", "Set-Cookie: a=1"),
            *more,
        )
        for credentials in ("same-origin", "omit")
        for where, second, more in (
            ("out", "api", [answer(ANYONE, "Set-Cookie: b=2")]),
            ("within", "page", [answer()]),
            ("out and back", "api", [to("{page}/hop2", ANYONE), answer(ANYONE)]),
        )
    ),
)

CASES: tuple[Case, ...] = (
    *(*ROUTES, *LONG_ROUTES, *MIXED, *CHANGES, *CARRIED, *TYPED, *MODES),
    chain("a redirect to itself", at("api"), to("{api}/hop0")),
    *(*OTHER_MODES, *FROM_HOME, *LOCATIONS, *BYTES, *NO_REDIRECTS, *LONG, *PREFLIGHTED, *CREDENTIALED),
)
