"""What a preflight's answer must be like to let the request pass."""

from typing import Literal

from ..model import ANYONE, CREDENTIALS, THE_PAGE, Answer, Body, Case, Fetch, answer, case

ALLOW_PUT = "Access-Control-Allow-Methods: PUT"
ALLOW_X_A = "Access-Control-Allow-Headers: X-A"
PUT = Fetch(method="PUT")
X_A = Fetch(headers={"X-A": "1"})

STATUSES = tuple(
    case(
        f"a preflight answered with {status}",
        PUT,
        preflight=answer(ANYONE, ALLOW_PUT, *more, status=status, body=""),
    )
    for status in (
        *(200, 201, 202, 203, 204, 205, 206, 207, 226, 299),
        *(300, 301, 302, 303, 304, 305, 307, 308, 399),
        *(400, 401, 403, 404, 405, 406, 410, 418, 429, 451, 499, 500, 501, 502, 503, 504, 599),
    )
    for more in ([["Location: {api}/elsewhere"]] if status in (301, 302, 303, 307, 308) else [[]])
)


def lists(field: str, fetch: Fetch, name: str, answer_lines: tuple[str, ...] = (ANYONE,)) -> tuple[Case, ...]:
    """Forms of a list of names which should, or should not, allow the name that the request needs."""
    asked = "with credentials" if fetch.credentials == "include" else "without credentials"
    mirrored = name.swapcase()
    values: tuple[tuple[str, ...], ...] = (
        *((), (name,), (mirrored,), ("",), (f"B, {name}",), (f"B,{name},C",), (f"{name},",), (f",{name}",)),
        *(
            (f", ,{name},,",),
            (f"\t{name}\t",),
            (f"B\t,\t{name}",),
            (f"B {name}",),
            (f'"{name}"',),
            (f"{name};",),
        ),
        *(
            (f"@, {name}",),
            (f"{name}, B C",),
            (f"{name}, é",),
            (f"{name}=1",),
            (f"{name}; B",),
            (f"({name})",),
        ),
        *(
            ("B", name),
            (name, "B"),
            ("B C", name),
            (name, "@"),
            ("", name),
            (name, name),
            (f"{name}, {name}",),
        ),
        *(
            ("*",),
            ("*, B",),
            (f"*, {name}",),
            ("B", "*"),
            (f"{name}*",),
            ("**",),
            ('"*"',),
            ("*, @",),
            (" * ",),
        ),
    )
    return tuple(
        case(
            f"{asked} {field} as {' and '.join(map(ascii, each)) or 'nothing'} for {name}",
            fetch,
            preflight=answer(*answer_lines, *(f"{field}: {value}" for value in each)),
            actual=answer(*answer_lines),
        )
        for each in values
    )


def credentialed(fetch: Literal["PUT", "X-A"]) -> Fetch:
    if fetch == "PUT":
        return Fetch(method="PUT", credentials="include")
    return Fetch(headers={"X-A": "1"}, credentials="include")


SHARED = (THE_PAGE, CREDENTIALS)

WILDCARDS = tuple(
    case(f"{value} for {what}", fetch, preflight=answer(*lines, f"{field}: {value}"), actual=answer(*lines))
    for field, value, what, fetch, lines in (
        *(
            ("Access-Control-Allow-Headers", value, what, Fetch(headers=headers), (ANYONE,))
            for value in ("*", "*, Authorization", "*, authorization, X-B", "Authorization", "X-A", "*, X-A")
            for what, headers in (
                ("Authorization", {"Authorization": "Bearer x"}),
                ("Authorization and another header", {"Authorization": "Bearer x", "X-A": "1"}),
            )
        ),
        *(
            (
                "Access-Control-Allow-Headers",
                value,
                "Authorization with credentials",
                Fetch(headers={"Authorization": "Bearer x"}, credentials="include"),
                SHARED,
            )
            for value in ("*", "*, Authorization", "Authorization")
        ),
        (
            "Access-Control-Allow-Headers",
            "*",
            "a header named * with credentials",
            Fetch(headers={"*": "1"}, credentials="include"),
            SHARED,
        ),
        (
            "Access-Control-Allow-Headers",
            "*",
            "a header named *",
            Fetch(headers={"*": "1"}),
            (ANYONE,),
        ),
        (
            "Access-Control-Allow-Headers",
            "*",
            "Content-Type that is not safelisted",
            Fetch(method="POST", headers={"Content-Type": "application/json"}, body=Body("text", "{}")),
            (ANYONE,),
        ),
    )
)

NOT_NEEDED = tuple(
    case(f"{what} in a list that the request does not need", fetch, preflight=answer(ANYONE, line, needed))
    for what, fetch, needed in (("names", PUT, ALLOW_PUT), ("methods", X_A, ALLOW_X_A))
    for line in [f"Access-Control-Allow-{'Headers' if fetch is PUT else 'Methods'}: B C"]
)

PLACES = tuple(
    case(name, PUT, preflight=preflight, actual=actual)
    for name, preflight, actual in (
        ("a preflight without Access-Control-Allow-Origin", answer(ALLOW_PUT), answer(ANYONE)),
        ("a good preflight before an answer that shares nothing", answer(ANYONE, ALLOW_PUT), answer()),
        ("methods allowed by the real answer alone", answer(ANYONE), answer(ANYONE, ALLOW_PUT)),
        (
            "a preflight for another origin",
            answer("Access-Control-Allow-Origin: {api.origin}", ALLOW_PUT),
            answer(ANYONE),
        ),
        ("a preflight with a body", answer(ANYONE, ALLOW_PUT, body="x" * 5000), answer(ANYONE)),
        (
            "a preflight whose answer exposes",
            answer(ANYONE, ALLOW_PUT, "Access-Control-Expose-Headers: X-A"),
            answer(ANYONE, "X-A: 1"),
        ),
        (
            "a preflight that wants a login",
            answer(ANYONE, ALLOW_PUT, "WWW-Authenticate: Basic realm=x", status=401),
            answer(ANYONE),
        ),
        (
            "names of fields in lower case",
            answer("access-control-allow-origin: *", "access-control-allow-methods: PUT"),
            answer("access-control-allow-origin: *"),
        ),
        (
            "names of fields in upper case",
            answer("ACCESS-CONTROL-ALLOW-ORIGIN: *", "ACCESS-CONTROL-ALLOW-METHODS: PUT"),
            answer("ACCESS-CONTROL-ALLOW-ORIGIN: *"),
        ),
        (
            "the page's origin on the preflight, any on the answer",
            answer(THE_PAGE, ALLOW_PUT),
            answer(ANYONE),
        ),
        (
            "any origin on the preflight, the page's on the answer",
            answer(ANYONE, ALLOW_PUT),
            answer(THE_PAGE),
        ),
    )
)


def upload(name: str, preflight: Answer, fetch: Fetch) -> Case:
    return case(f"an upload with a listener, {name}", fetch, preflight=preflight)


LISTENED = Fetch(method="POST", body=Body("text", "x"), upload_listener=True)

UPLOADS = (
    upload("whose preflight passes", answer(ANYONE), LISTENED),
    upload("whose preflight is refused", answer(), LISTENED),
    upload("whose preflight has another status", answer(ANYONE, status=404), LISTENED),
    upload("and a preflight that names other methods", answer(ANYONE, ALLOW_PUT), LISTENED),
    upload("but nothing to send", answer(ANYONE), Fetch(method="POST", upload_listener=True)),
    upload("of a GET", answer(ANYONE), Fetch(upload_listener=True)),
    upload(
        "of a PUT",
        answer(ANYONE, ALLOW_PUT),
        Fetch(method="PUT", body=Body("text", "x"), upload_listener=True),
    ),
    upload(
        "of a POST with a header",
        answer(ANYONE, ALLOW_X_A),
        Fetch(method="POST", headers={"X-A": "1"}, body=Body("text", "x"), upload_listener=True),
    ),
)

CASES: tuple[Case, ...] = (
    *STATUSES,
    *lists("Access-Control-Allow-Methods", PUT, "PUT"),
    *lists("Access-Control-Allow-Methods", credentialed("PUT"), "PUT", SHARED),
    *lists("Access-Control-Allow-Headers", X_A, "X-A"),
    *lists("Access-Control-Allow-Headers", credentialed("X-A"), "X-A", SHARED),
    *(*WILDCARDS, *NOT_NEEDED, *PLACES, *UPLOADS),
)
