"""Answers of every status are shared, or not, like any."""

from ..model import ANYONE, Case, Fetch, answer, case

# Without 407, 408, 421 and 425, which browsers answer themselves: they ask again, or the network has failed.
STATUSES = (
    *(200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 299, 300, 304, 305, 306, 309, 399),
    *(
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        416,
        417,
        418,
        422,
        423,
        424,
        426,
    ),
    *(428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 599),
)
EMPTY = (204, 205, 304)

SHARED = tuple(
    case(
        f"a {status} that is shared",
        Fetch(),
        actual=answer(ANYONE, "X-A: 1", status=status, body="" if status in EMPTY else "x"),
    )
    for status in STATUSES
)

NOT_SHARED = tuple(
    case(
        f"a {status} that is not shared",
        Fetch(),
        actual=answer(status=status, body="" if status in EMPTY else "x"),
    )
    for status in (201, 204, 300, 304, 400, 401, 403, 404, 405, 422, 429, 500, 503)
)

AFTER_PREFLIGHT = tuple(
    case(
        f"a {status} after a preflight",
        Fetch(method="DELETE"),
        preflight=answer(ANYONE, "Access-Control-Allow-Methods: DELETE"),
        actual=answer(ANYONE, status=status, body="" if status in EMPTY else "x"),
    )
    for status in (201, 204, 401, 404, 405, 409, 500, 503)
)

VALIDATED = tuple(
    case(
        f"a 304 for {name} by the script, {what}",
        Fetch(headers={name: value}),
        preflight=answer(ANYONE, f"Access-Control-Allow-Headers: {name}"),
        actual=answer(*lines, 'ETag: "1"', "X-A: 1", status=304, body=""),
    )
    for name, value in (("If-None-Match", '"1"'), ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"))
    for what, lines in (
        ("shared", (ANYONE,)),
        ("shared and exposed", (ANYONE, "Access-Control-Expose-Headers: X-A, ETag")),
        ("not shared", ()),
    )
)

METHODS = tuple(
    case(f"a {status} for a {method}", Fetch(method=method), actual=answer(ANYONE, status=status, body="x"))
    for method in ("HEAD", "POST")
    for status in (200, 404, 500)
)

CASES: tuple[Case, ...] = (*SHARED, *NOT_SHARED, *AFTER_PREFLIGHT, *VALIDATED, *METHODS)
