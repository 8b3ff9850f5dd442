"""Methods: which are preflighted, in which spelling, and which throw."""

from ..model import ANYONE, CREDENTIALS, THE_PAGE, Body, Case, Fetch, answer, case


def allow(*methods: str) -> str:
    return f"Access-Control-Allow-Methods: {', '.join(methods)}"


SAFELISTED = tuple(
    case(f"{method} is not preflighted", Fetch(method=method), preflight=answer())
    for method in ("GET", "HEAD", "POST", "get", "Head", "pOST")
)

UPPER_CASED = tuple(
    case(
        f"{method} goes out in upper case",
        Fetch(method=method),
        preflight=answer(ANYONE, allow(method.upper())),
    )
    for method in ("put", "delete", "options", "Put", "dELETE", "OptionS")
)

PREFLIGHTED = tuple(
    case(f"{method}, when it is {what}", Fetch(method=method), preflight=answer(ANYONE, allow(allowed)))
    for method, what, allowed in (
        ("PUT", "allowed", "PUT"),
        ("DELETE", "allowed", "DELETE"),
        ("OPTIONS", "allowed", "OPTIONS"),
        ("PATCH", "allowed", "PATCH"),
        ("CHICKEN", "allowed", "CHICKEN"),
        ("M!#$%&'*+-.^_`|~1", "allowed", "M!#$%&'*+-.^_`|~1"),
        ("PUT", "not allowed", "DELETE"),
        ("OPTIONS", "not allowed", "GET"),
        ("patch", "allowed as it is", "patch"),
        ("patch", "allowed in upper case", "PATCH"),
        ("PATCH", "allowed in lower case", "patch"),
        ("Chicken", "allowed in upper case", "CHICKEN"),
        ("PROPFIND", "one of several", "PUT, PROPFIND, DELETE"),
        ("QUERY", "allowed", "QUERY"),
        ("UNLINK", "the end of another", "LINK, UNLINKED"),
    )
)

THROWING = tuple(
    case(f"{method!r} is no method for a script", Fetch(method=method))
    for method in ("CONNECT", "TRACE", "TRACK", "connect", "TrAcE", "track", "GE T", "", "PUT,", "PUT\n", "é")
)

RIDING_ALONG = tuple(
    case(
        f"{method} passes a preflight that allows other methods",
        Fetch(method=method, headers={"X-A": "1"}),
        preflight=answer(ANYONE, allow("PUT"), "Access-Control-Allow-Headers: x-a"),
    )
    for method in ("GET", "HEAD", "POST")
)

CASES: tuple[Case, ...] = (
    *SAFELISTED,
    *UPPER_CASED,
    *PREFLIGHTED,
    *THROWING,
    *RIDING_ALONG,
    case("Allow says nothing about methods", Fetch(method="PUT"), preflight=answer(ANYONE, "Allow: PUT")),
    case(
        "a method named * when credentials make * a name",
        Fetch(method="*", credentials="include"),
        preflight=answer(THE_PAGE, CREDENTIALS, allow("*")),
        actual=answer(THE_PAGE, CREDENTIALS),
    ),
    case("a GET with a body throws", Fetch(body=Body("text", "x"))),
    case("a HEAD with a body throws", Fetch(method="HEAD", body=Body("text", "x"))),
    case(
        "a DELETE with a body",
        Fetch(method="DELETE", body=Body("text", "x")),
        preflight=answer(ANYONE, allow("DELETE")),
    ),
    *(
        case(
            f"{method} within an origin is not preflighted", Fetch(method=method), page="api", actual=answer()
        )
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "patch")
    ),
)
