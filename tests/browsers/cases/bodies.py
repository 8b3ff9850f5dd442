"""Bodies bring a Content-Type of their own, and it decides about the preflight."""

from ..model import ANYONE, Body, Case, Fetch, answer, case

BODIES = {
    "a string": Body("text", "héllo"),
    "an empty string": Body("text", ""),
    "bytes": Body("bytes", "hello"),
    "a form": Body("form", "hello"),
    "parameters": Body("params", "a=1&b=2"),
    "a Blob without a type": Body("blob", "hello"),
    "a Blob of text/plain": Body("blob", "hello", "text/plain"),
    "a Blob of text/csv": Body("blob", "hello", "text/csv"),
    "a Blob of application/json": Body("blob", "{}", "application/json"),
    "a Blob of multipart/form-data": Body("blob", "hello", "multipart/form-data"),
}

BROUGHT = tuple(
    case(
        f"{what}, sent by {method}{sent}",
        Fetch(method=method, body=body, upload_listener=bool(sent)),
        preflight=answer(ANYONE, "Access-Control-Allow-Methods: *"),
    )
    for what, body in BODIES.items()
    for method, sent in (("POST", ""), ("PUT", ""), ("POST", " with a listener on the upload"))
)

TYPED = tuple(
    case(
        f"{what} with a Content-Type of {value} by the script",
        Fetch(method="POST", body=body, headers={"Content-Type": value}),
        preflight=answer(ANYONE, "Access-Control-Allow-Headers: content-type"),
    )
    for what, body in BODIES.items()
    if body.kind != "form"
    for value in ("text/plain", "application/json")
)

CASES: tuple[Case, ...] = (*BROUGHT, *TYPED)
