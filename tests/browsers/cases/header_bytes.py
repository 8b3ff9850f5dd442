"""Bytes that no header can have in its name or its value."""

from ..model import ANYONE, Case, Fetch, answer, case

EXPOSE = "Access-Control-Expose-Headers: *"
MARK = "X-Mark: 1"
PUT = "Access-Control-Allow-Methods: PUT"

NUL_IN_VALUES = tuple(
    case(f"NUL in {what}", fetch, actual=actual)
    for what, fetch, actual in (
        ("a value", Fetch(), answer(ANYONE, EXPOSE, "X-A: a\0b", MARK)),
        ("front of a value", Fetch(), answer(ANYONE, EXPOSE, "X-A: \0a")),
        ("the end of a value", Fetch(), answer(ANYONE, EXPOSE, "X-A: a\0")),
        ("a value and nothing else", Fetch(), answer(ANYONE, EXPOSE, "X-A: \0")),
        ("Access-Control-Allow-Origin", Fetch(), answer(ANYONE + "\0")),
        ("a header that is hidden", Fetch(), answer(ANYONE, "X-A: \0")),
        ("Set-Cookie", Fetch("{page}/thing"), answer("Set-Cookie: a=1\0b")),
        ("a header of the own origin", Fetch("{page}/thing"), answer("X-A: \0")),
        ("a header of an opaque response", Fetch(mode="no-cors"), answer("X-A: \0")),
        ("a header of a 204", Fetch(), answer(ANYONE, "X-A: \0", status=204)),
        ("a header of a 500", Fetch(), answer(ANYONE, "X-A: \0", status=500)),
        ("a response to HEAD", Fetch(method="HEAD"), answer(ANYONE, "X-A: \0")),
        ("Location", Fetch(), (answer(ANYONE, "Location: {api}/thing?\0", status=302), answer(ANYONE))),
        (
            "a redirect",
            Fetch(),
            (answer(ANYONE, "X-A: \0", "Location: {api}/thing", status=302), answer(ANYONE)),
        ),
        (
            "a redirect that is not followed",
            Fetch(redirect="manual"),
            answer(ANYONE, "X-A: \0", "Location: {api}/thing", status=302),
        ),
        ("the body", Fetch(), answer(ANYONE, body="a\0b")),
    )
)

NUL_IN_NAMES = tuple(
    case(f"NUL in {what}", actual=answer(ANYONE, EXPOSE, line, MARK))
    for what, line in (
        ("a name", "X\0A: 1"),
        ("front of a name", "\0X-A: 1"),
        ("the end of a name", "X-A\0: 1"),
        ("a line without a colon", "X\0A"),
    )
)

NUL_IN_PREFLIGHTS = (
    case("NUL in a preflight", Fetch(method="PUT"), preflight=answer(ANYONE, PUT, "X-A: \0")),
    case("NUL in the list of a preflight", Fetch(method="PUT"), preflight=answer(ANYONE, PUT + "\0")),
)

KEPT = (
    case(
        "NUL keeps a cookie from being kept",
        Fetch("{page}/thing"),
        Fetch("{page}/thing"),
        actual=(answer("Set-Cookie: a=1", "X-A: \0"), answer()),
    ),
)

OTHER_BYTES = tuple(
    case(f"a value with {byte!a} in it", actual=answer(ANYONE, EXPOSE, f"X-A: a{byte}b", MARK))
    for byte in "\t\x01\x1b\x1f\x7f"
)

CASES: tuple[Case, ...] = (*NUL_IN_VALUES, *NUL_IN_NAMES, *NUL_IN_PREFLIGHTS, *KEPT, *OTHER_BYTES)
