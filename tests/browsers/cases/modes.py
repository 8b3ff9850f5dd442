"""Requests outside the CORS protocol: no-cors and same-origin."""

from ..model import ANYONE, Body, Case, Fetch, answer, case

NO_CORS = tuple(
    case(
        f"no-cors leaves {what}",
        Fetch(method="POST", mode="no-cors", headers=headers, body=body),
        actual=answer(),
    )
    for what, headers, body in (
        ("a header out", {"X-A": "1"}, None),
        ("Authorization out", {"Authorization": "Bearer x"}, None),
        ("Accept in", {"Accept": "a/b"}, None),
        ("Accept of 128 bytes in", {"Accept": "a" * 128}, None),
        ("Accept of 129 bytes out", {"Accept": "a" * 129}, None),
        ("Accept with a bad byte out", {"Accept": "a(b"}, None),
        ("languages in", {"Accept-Language": "de", "Content-Language": "en"}, None),
        ("bad languages out", {"Accept-Language": "d_e", "Content-Language": "e/n"}, None),
        ("a plain type in", {"Content-Type": "text/plain"}, Body("text", "{}")),
        ("a type of JSON out", {"Content-Type": "application/json"}, Body("text", "{}")),
        ("Range out", {"Range": "bytes=0-1"}, None),
        ("a JSON Blob's type out", {}, Body("blob", "{}", "application/json")),
        ("parameters in", {}, Body("params", "a=1")),
    )
)

METHODS = tuple(
    case(f"{mode} and {method} {where}", Fetch(method=method, mode=mode), actual=answer(), page=page)
    for page, where in (("page", "to another origin"), ("api", "within the origin"))
    for mode in ("no-cors", "same-origin")
    for method in ("PUT", "OPTIONS", "PATCH", "CHICKEN")
)

OWN = tuple(
    case(f"{what} within the origin", fetch, actual=answer(status=status, body=body), page="api")
    for what, fetch, status, body in (
        ("a header", Fetch(headers={"X-A": "1"}), 200, "x"),
        ("Authorization", Fetch(headers={"Authorization": "Bearer x"}), 200, "x"),
        (
            "JSON",
            Fetch(method="POST", headers={"Content-Type": "application/json"}, body=Body("text", "{}")),
            200,
            "x",
        ),
        ("a 404", Fetch(), 404, "x"),
        ("a 500", Fetch(method="DELETE"), 500, "x"),
        ("a 204", Fetch(method="PUT"), 204, ""),
        (
            "an upload with a listener",
            Fetch(method="POST", body=Body("text", "x"), upload_listener=True),
            200,
            "x",
        ),
        ("a forbidden header", Fetch(headers={"Origin": "http://x", "Host": "x"}), 200, "x"),
        ("a header given twice", Fetch(headers={"X-A": "1", "x-a": "2"}), 200, "x"),
    )
)

CASES: tuple[Case, ...] = (
    *NO_CORS,
    *METHODS,
    *OWN,
    case(
        "CORS headers mean nothing within the origin",
        Fetch(credentials="include"),
        actual=answer("Access-Control-Allow-Origin: null", "Access-Control-Allow-Credentials: no"),
        page="api",
    ),
    case(
        "same-origin to another origin, which would share", Fetch(mode="same-origin"), actual=answer(ANYONE)
    ),
)
