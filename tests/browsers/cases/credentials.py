"""Credentials: when they are sent and kept, and what an answer must say to be read then."""

from ..model import ANYONE, CREDENTIALS, THE_PAGE, Case, Fetch, answer, case

SHARED = (THE_PAGE, CREDENTIALS)
INCLUDE = Fetch(credentials="include")
SAME = Fetch()
OMIT = Fetch(credentials="omit")
COOKIE = "Set-Cookie: a=1"

VALUES: tuple[tuple[str, ...], ...] = (
    *(
        (),
        ("true",),
        (" true\t",),
        ("True",),
        ("TRUE",),
        ('"true"',),
        ("1",),
        ("yes",),
        ("*",),
        ("false",),
        ("",),
    ),
    *(("true, true",), ("true", "true"), ("true", "false"), ("true,",), (",true",), ("true;",), ("true x",)),
)


def _shown(values: tuple[str, ...]) -> str:
    return " and ".join(map(ascii, values)) or "nothing"


def allow(values: tuple[str, ...]) -> list[str]:
    return [f"Access-Control-Allow-Credentials: {value}" for value in values]


FORMS = tuple(
    case(
        f"Access-Control-Allow-Credentials as {_shown(values)}, {fetch.credentials}",
        fetch,
        actual=answer(THE_PAGE, *allow(values)),
    )
    for values in VALUES
    for fetch in (INCLUDE, *([SAME, OMIT] if values in ((), ("True",), ("false",)) else []))
)

ON_PREFLIGHTS = tuple(
    case(
        f"Access-Control-Allow-Credentials as {_shown(values)} on a preflight, {credentials}",
        Fetch(method="PUT", credentials=credentials),
        preflight=answer(THE_PAGE, *allow(values), "Access-Control-Allow-Methods: PUT"),
        actual=answer(*SHARED),
    )
    for values in VALUES[:10]
    for credentials in ("include", "same-origin")
    if credentials == "include" or values in ((), ("false",))
)

PUT = Fetch(method="PUT", credentials="include")
ALLOW_PUT = "Access-Control-Allow-Methods: PUT"

PARTLY = (
    case(
        "credentials allowed by the preflight alone",
        PUT,
        preflight=answer(*SHARED, ALLOW_PUT),
        actual=answer(THE_PAGE),
    ),
    case(
        "the page's origin on the preflight alone, with credentials",
        PUT,
        preflight=answer(*SHARED, ALLOW_PUT),
        actual=answer(ANYONE, CREDENTIALS),
    ),
    case(
        "credentials allowed by both answers",
        PUT,
        preflight=answer(*SHARED, ALLOW_PUT),
        actual=answer(*SHARED),
    ),
    case(
        "any origin on the preflight, with credentials",
        PUT,
        preflight=answer(ANYONE, CREDENTIALS, ALLOW_PUT),
        actual=answer(*SHARED),
    ),
    case("credentials are allowed though there are none to send", INCLUDE, actual=answer(THE_PAGE)),
    case(
        "an upload with a listener and credentials",
        Fetch(method="POST", credentials="include", upload_listener=True, headers={"X-A": "1"}),
        preflight=answer(*SHARED, "Access-Control-Allow-Headers: X-A"),
        actual=answer(*SHARED),
    ),
    case(
        "an upload with a listener and credentials, allowed for any origin",
        Fetch(method="POST", credentials="include", upload_listener=True, headers={"X-A": "1"}),
        preflight=answer(ANYONE, CREDENTIALS, "Access-Control-Allow-Headers: X-A"),
        actual=answer(*SHARED),
    ),
)

# Two ports of localhost are one site, so nothing but the mode decides about the cookies.
KEPT = tuple(
    case(
        f"a cookie set under {first.credentials} and asked for under {second.credentials}{where}",
        first,
        second,
        actual=(answer(*SHARED, COOKIE), answer(*SHARED)),
        page=page,
    )
    for page, where in (("page", ""), ("api", " within the origin"))
    for first in (INCLUDE, SAME, OMIT)
    for second in (INCLUDE, SAME, OMIT)
)

SET = tuple(
    case(
        f"Set-Cookie of {' and '.join(map(ascii, values))}",
        INCLUDE,
        INCLUDE,
        actual=(answer(*SHARED, *(f"Set-Cookie: {value}" for value in values)), answer(*SHARED)),
    )
    for values in (
        *(
            ("a=1", "b=2"),
            ("a=1; HttpOnly",),
            ("a=1; Max-Age=60",),
            ("a=1; Max-Age=0",),
            ("a=1; Max-Age=-1",),
        ),
        *(
            ("a=1; Path=/elsewhere",),
            ("a=1; Path=nowhere",),
            ("a=1; SameSite=Strict",),
            ("a=1; SameSite=Lax",),
        ),
        *(("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",), ("a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT",)),
        *(
            ("a=1", "a=2"),
            ("a=",),
            ('a="1 2"',),
            ("a=1", "a=; Max-Age=0"),
            ("a=1; Domain=example.com",),
            ("a=b=c",),
        ),
    )
)

# Two sites, each with a name and with a number, and the ways of a cookie to belong to one or to several.
ATTRIBUTES = tuple(
    case(
        f"Set-Cookie of {value!r} by {place} for the {page} page",
        Fetch(f"{{{place}}}/thing", credentials="include"),
        Fetch(f"{{{place}}}/thing", credentials="include"),
        actual=(
            answer(*SHARED, f"Set-Cookie: {value}"),
            answer(*SHARED, f"Set-Cookie: {value}; Max-Age=0"),  # other cases shall not see it
        ),
        page=page,
    )
    for page, place in (("page", "api"), ("page", "numeric"), ("numeric", "api"), ("numeric", "numeric"))
    for value in (
        *("a=1; SameSite=None", "a=1; SameSite=None; Secure", "a=1; Secure", "a=1; SameSite=bogus"),
        *("__Secure-a=1; Secure", "__Secure-a=1", "__Host-a=1; Secure; Path=/", "__Host-a=1; Secure"),
        *("__Host-a=1; Path=/", "__secure-a=1"),
    )
)

COOKIES = (
    case("a cookie of a refused answer is kept", INCLUDE, INCLUDE, actual=(answer(COOKIE), answer(*SHARED))),
    case(
        "a cookie of a 401 is kept",
        INCLUDE,
        INCLUDE,
        actual=(answer(*SHARED, COOKIE, status=401), answer(*SHARED)),
    ),
    case(
        "a cookie of a 500 is kept",
        INCLUDE,
        INCLUDE,
        actual=(answer(*SHARED, COOKIE, status=500), answer(*SHARED)),
    ),
    case(
        "a cookie of a preflight is not kept",
        PUT,
        INCLUDE,
        preflight=answer(*SHARED, ALLOW_PUT, COOKIE),
        actual=answer(*SHARED),
    ),
    case(
        "a preflight carries no cookie",
        INCLUDE,
        PUT,
        preflight=answer(*SHARED, ALLOW_PUT),
        actual=(answer(*SHARED, COOKIE), answer(*SHARED)),
    ),
    case(
        "a script sets no cookie by its header",
        Fetch(credentials="include", headers={"Cookie": "b=2"}),
        actual=answer(*SHARED),
    ),
    case(
        "a cookie is replaced",
        INCLUDE,
        INCLUDE,
        INCLUDE,
        actual=(answer(*SHARED, COOKIE), answer(*SHARED, "Set-Cookie: a=2"), answer(*SHARED)),
    ),
    case(
        "a cookie is deleted",
        INCLUDE,
        INCLUDE,
        INCLUDE,
        actual=(answer(*SHARED, COOKIE), answer(*SHARED, "Set-Cookie: a=; Max-Age=0"), answer(*SHARED)),
    ),
    case(
        "a cookie for another port of the host",
        INCLUDE,
        Fetch("{other}/thing", credentials="include"),
        actual=(answer(*SHARED, COOKIE), answer(*SHARED)),
    ),
    case(
        "a cookie for another host",
        INCLUDE,
        Fetch("{named}/thing", credentials="include"),
        actual=(answer(*SHARED, COOKIE), answer(*SHARED)),
    ),
    case(
        "a cookie of another site",
        Fetch("{numeric}/thing", credentials="include"),
        Fetch("{numeric}/thing", credentials="include"),
        actual=(answer(*SHARED, COOKIE), answer(*SHARED)),
    ),
    case(
        "a cookie of another site for its own pages only",
        Fetch("{numeric}/thing", credentials="include"),
        Fetch("{numeric}/thing", credentials="include"),
        actual=(
            answer(*SHARED, "Set-Cookie: a=1; SameSite=Lax", "Set-Cookie: b=1; SameSite=Strict"),
            answer(*SHARED),
        ),
    ),
    case(
        "a cookie comes with a no-cors request",
        Fetch(mode="no-cors", credentials="include"),
        Fetch(mode="no-cors", credentials="include"),
        actual=answer(COOKIE),
    ),
    case(
        "no cookie comes with a no-cors request under same-origin",
        Fetch(mode="no-cors", credentials="include"),
        Fetch(mode="no-cors"),
        actual=answer(COOKIE),
    ),
)

AUTHORIZATION = tuple(
    case(
        f"Authorization by the script under {credentials}",
        Fetch(credentials=credentials, headers={"Authorization": "Bearer x"}),
        preflight=answer(*SHARED, "Access-Control-Allow-Headers: Authorization"),
        actual=answer(*SHARED),
    )
    for credentials in ("omit", "same-origin", "include")
)

# With credentials and a scheme that they know, browsers ask the user, which no script sees.
LOGINS = tuple(
    case(
        f"a 401 that wants {scheme} under {fetch.credentials} is data",
        fetch,
        actual=answer(
            *SHARED,
            f"WWW-Authenticate: {scheme} realm=x",
            "Access-Control-Expose-Headers: WWW-Authenticate",
            status=401,
        ),
    )
    for fetch, scheme in ((OMIT, "Basic"), (SAME, "Basic"), (SAME, "Bearer"), (INCLUDE, "Bearer"))
)

CASES: tuple[Case, ...] = (
    *FORMS,
    *ON_PREFLIGHTS,
    *PARTLY,
    *KEPT,
    *SET,
    *ATTRIBUTES,
    *COOKIES,
    *AUTHORIZATION,
    *LOGINS,
)
