"""Which Access-Control-Allow-Origin fits which origin, and what Origin a request has."""

from ..model import ANYONE, CREDENTIALS, Body, Case, Fetch, answer, case


def allow(*values: str) -> tuple[str, ...]:
    return tuple(f"Access-Control-Allow-Origin: {value}" for value in values)


def _shown(values: tuple[str, ...]) -> str:
    return " and ".join(map(ascii, values)) or "nothing"


FORMS: tuple[tuple[str, ...], ...] = (
    *((), ("",), ("*",), ("  *\t",), ("**",), ("*, *",), ("*", "*"), ("{origin}",), (" \t{origin}\t ",)),
    *(
        ("{origin}", "{origin}"),
        ("{origin}, {origin}",),
        ("{api.origin}, {origin}",),
        ("{api.origin}", "{origin}"),
    ),
    *(("{origin}", ""), ("", "{origin}"), ("{origin},",), ("*", "{origin}"), ("{origin} {api.origin}",)),
    *(("{origin}/",), ("{origin}/plain",), ("{origin}?",), ("{origin}#",), ("{origin};",), ('"{origin}"',)),
    *(("http://LOCALHOST:{page.port}",), ("HTTP://localhost:{page.port}",), ("http://localhost",)),
    *(("http://localhost:80",), ("http://localhost:*",), ("http://*",), ("http://*:{page.port}",)),
    *(
        ("localhost",),
        ("localhost:{page.port}",),
        ("//localhost:{page.port}",),
        ("https://localhost:{page.port}",),
    ),
    *(
        ("http://user@localhost:{page.port}",),
        ("http://localhost.:{page.port}",),
        ("http://localhost:0{page.port}",),
    ),
    *(
        ("http://127.0.0.1:{page.port}",),
        ("{api.origin}",),
        ("null",),
        ("true",),
        ("false",),
        ("'*'",),
        ('"*"',),
    ),
)

SIMPLE = tuple(
    case(f"Access-Control-Allow-Origin as {_shown(values)}", Fetch(), actual=answer(*allow(*values)))
    for values in FORMS
)

CREDENTIALED = tuple(
    case(
        f"Access-Control-Allow-Origin as {_shown(values)}, with credentials",
        Fetch(credentials="include"),
        actual=answer(*allow(*values), CREDENTIALS),
    )
    for values in ((), ("*",), ("{origin}",), (" {origin}",), ("{origin}/",), ("{origin}", "*"), ("null",))
)

OF_PREFLIGHTS = tuple(
    case(
        f"Access-Control-Allow-Origin as {_shown(values)} on a preflight",
        Fetch(method="PUT"),
        preflight=answer(*allow(*values), "Access-Control-Allow-Methods: PUT"),
    )
    for values in FORMS[:14]
)

NULL = tuple(
    case(
        f"Access-Control-Allow-Origin as {_shown(values)} for the {page} page, {fetch.credentials}",
        fetch,
        actual=answer(*allow(*values), CREDENTIALS),
        page=page,
    )
    for page in ("sandbox", "data")
    for values in (
        ("null",),
        ("*",),
        ("Null",),
        (" null ",),
        ("null, null",),
        ("{page.origin}",),
        ('"null"',),
        (),
    )
    for fetch in (Fetch(), Fetch(credentials="include"))
)

NULL_METHODS = tuple(
    case(
        f"{method} from the {page} page",
        Fetch(method=method),
        preflight=answer(*allow("null"), "Access-Control-Allow-Methods: *"),
        page=page,
    )
    for page in ("sandbox", "data")
    for method in ("HEAD", "POST", "PUT")
)

HOSTS = tuple(
    case(
        f"the {page} page fetches from {place}, which allows {allowed}",
        Fetch(f"{{{place}}}/thing"),
        actual=answer(*allow(allowed)),
        page=page,
    )
    for page, place, allowed in (
        ("upper case", "api", "{origin}"),
        ("upper case", "api", "http://LOCALHOST:{page.port}"),
        ("numeric", "api", "{origin}"),
        ("numeric", "numeric", "{origin}"),
        ("numeric", "numeric", "http://localhost:{page.port}"),
        ("numeric", "numeric", "http://127.1:{page.port}"),
        ("named", "api", "{origin}"),
        ("named", "named", "{origin}"),
        ("named", "named", "http://localhost:{page.port}"),
        ("named", "named", "http://*.localhost:{page.port}"),
        ("ipv6", "ipv6", "{origin}"),
        ("ipv6", "ipv6", "http://[0:0:0:0:0:0:0:1]:{page.port}"),
        ("ipv6", "ipv6", "http://::1:{page.port}"),
        ("ipv6", "api", "{origin}"),
        ("trailing dot", "api", "{origin}"),
        ("trailing dot", "api", "http://localhost:{page.port}"),
        ("international", "api", "{origin}"),
        ("international", "api", "http://bücher.localhost:{page.port}"),
        ("page", "named", "{origin}"),
        ("page", "numeric", "{origin}"),
        ("page", "ipv6", "{origin}"),
    )
)

SENT = (
    *(
        case(
            f"the Origin of a {mode} {method} {where}",
            Fetch(method=method, mode=mode, body=Body("text", "x") if method == "POST" else None),
            actual=answer(ANYONE),
            page=page,
        )
        for page, where in (("page", "to another origin"), ("api", "within the origin"))
        for mode in ("cors", "no-cors", "same-origin")
        for method in ("GET", "HEAD", "POST")
    ),
    *(
        case(
            f"the Origin of a {mode} {method} from a null origin",
            Fetch(method=method, mode=mode),
            page="sandbox",
        )
        for mode in ("no-cors", "same-origin")
        for method in ("GET", "POST")
    ),
    case("a page's own origin in capitals", Fetch("http://LOCALHOST:{api.port}/thing"), page="api"),
    case("a URL with a user is refused by fetch()", Fetch("http://me:secret@localhost:{api.port}/thing")),
    case("a URL that is none", Fetch("http://[/")),
    case("a URL with a fragment", Fetch("{api}/thing#part")),
    case("a URL with a query", Fetch("{api}/thing?a=1&b=é#part")),
    case("a URL with dots", Fetch("{api}/x/../thing")),
    case("a scheme that is not for fetch()", Fetch("ftp://localhost/thing")),
)

CASES: tuple[Case, ...] = (*SIMPLE, *CREDENTIALED, *OF_PREFLIGHTS, *NULL, *NULL_METHODS, *HOSTS, *SENT)
