"""What of an answer a script can read."""

from ..model import ANYONE, CREDENTIALS, THE_PAGE, Case, Fetch, answer, case


def expose(*values: str) -> list[str]:
    return [f"Access-Control-Expose-Headers: {value}" for value in values]


SAFELISTED = (
    "Cache-Control: no-store",
    "Content-Language: en",
    "Content-Type: text/plain",
    "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
    "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT",
    "Pragma: no-cache",
)
OTHERS = (
    *(
        'ETag: "1"',
        "Date: Thu, 01 Jan 1970 00:00:00 GMT",
        "Server: x",
        "Vary: Accept",
        "Age: 1",
        "Via: 1.1 x",
    ),
    *("Location: /x", "Link: <x>", "WWW-Authenticate: Basic realm=x", "X-A: 1", "X-B: 2", "Retry-After: 1"),
    *("Access-Control-Max-Age: 5", "Allow: GET", "Content-Disposition: attachment", "Authorization: x"),
    *("Set-Cookie: a=1", "Set-Cookie2: b=2", "Content-Location: /y", "Timing-Allow-Origin: *"),
)
ALL = (*SAFELISTED, *OTHERS)
EVERY_NAME = ", ".join(sorted({line.partition(":")[0] for line in ALL}))

LISTS: tuple[tuple[str, ...], ...] = (
    *(
        (),
        ("X-A",),
        ("x-a",),
        ("X-A, X-B",),
        ("X-A", "X-B"),
        ("X-A,X-B",),
        ("X-A,",),
        (", ,X-A,,",),
        ("\tX-A\t",),
    ),
    *(("X-A\t,\tX-B",), ("",), ("X-C",), ("X-C, X-A",), ("X-A, X-A",), ("X-",), ("X-A X-B",), ('"X-A"',)),
    *(
        ("X-A;",),
        ("X-A, @",),
        ("X-A", "B C"),
        ("X-A, é",),
        ("*",),
        ("*, X-A",),
        ("X-A", "*"),
        ("**",),
        ("*, B C",),
    ),
    *(
        (" * ",),
        ("Set-Cookie",),
        ("set-cookie, X-A",),
        ("Set-Cookie2",),
        ("Cache-Control",),
        ("X*",),
        ("X-A=1",),
    ),
)

LISTED = tuple(
    case(
        f"{' and '.join(map(ascii, values)) or 'nothing'} exposed{what}",
        fetch,
        actual=answer(
            *lines, *expose(*values), "X-A: 1", "X-B: 2", "*: 3", "Set-Cookie: a=1", "Set-Cookie2: a=1"
        ),
    )
    for what, fetch, lines in (
        ("", Fetch(), (ANYONE,)),
        (" to credentials", Fetch(credentials="include"), (THE_PAGE, CREDENTIALS)),
    )
    for values in LISTS
)

VALUES = tuple(
    case(
        f"{' and '.join(map(ascii, values))} as the value of an exposed field",
        Fetch(),
        actual=answer(ANYONE, *expose("X-A"), *(f"X-A: {value}" for value in values)),
    )
    for values in (
        ("1", "2"),
        ("",),
        ("", ""),
        ("a", "", "b"),
        (" \t a  b \t",),
        ("a,b", "c"),
        ('"a, b"', "c"),
        ("a\tb",),
    )
)

CASES: tuple[Case, ...] = (
    case("what is readable without being exposed", Fetch(), actual=answer(ANYONE, *ALL)),
    case(
        "what is readable when everything is exposed by name",
        Fetch(),
        actual=answer(ANYONE, *ALL, *expose(EVERY_NAME)),
    ),
    case(
        "what is readable when everything is exposed by *", Fetch(), actual=answer(ANYONE, *ALL, *expose("*"))
    ),
    case(
        "what is readable with credentials",
        Fetch(credentials="include"),
        actual=answer(THE_PAGE, CREDENTIALS, *ALL),
    ),
    case(
        "what is readable when everything is exposed to credentials by name",
        Fetch(credentials="include"),
        actual=answer(THE_PAGE, CREDENTIALS, *ALL, *expose(EVERY_NAME)),
    ),
    case("what is readable within the origin", Fetch(), actual=answer(*ALL), page="api"),
    case(
        "what is readable within the origin, whatever is exposed",
        Fetch(),
        actual=answer(*ALL, *expose("X-A")),
        page="api",
    ),
    case("what is readable of an opaque answer", Fetch(mode="no-cors"), actual=answer(*ALL)),
    case(
        "what is readable of an opaque answer that shares everything",
        Fetch(mode="no-cors"),
        actual=answer(ANYONE, *ALL, *expose("*")),
    ),
    case(
        "what is readable of no-cors within the origin",
        Fetch(mode="no-cors"),
        actual=answer(*ALL),
        page="api",
    ),
    case(
        "what a HEAD may read",
        Fetch(method="HEAD"),
        actual=answer(ANYONE, *expose("X-A"), "X-A: 1", "X-B: 2"),
    ),
    case(
        "what an upload may read",
        Fetch(method="POST", headers={"Accept": "x/y"}, upload_listener=True),
        actual=answer(ANYONE, *ALL, *expose("X-A")),
    ),
    case(
        "exposed names are those of the answer, not the preflight",
        Fetch(method="PUT"),
        preflight=answer(ANYONE, "Access-Control-Allow-Methods: PUT", *expose("X-A")),
        actual=answer(ANYONE, "X-A: 1", "X-B: 2", *expose("X-B")),
    ),
    case("exposed from a null origin", Fetch(), actual=answer(ANYONE, *ALL, *expose("X-A")), page="sandbox"),
    *LISTED,
    *VALUES,
)
