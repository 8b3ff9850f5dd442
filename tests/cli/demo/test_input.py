"""What the page sends: read within bounds, and refused in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscors.cli.demo.input import Composed, Edited, InputError, read_input
from tests.tables import table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = ("policy", "protect", "debug", "request")
PARTS = ("origin", "kind", "method", "path", "headers", "credentials", "body")


def read(**sent: object) -> tuple[Edited, Composed | None]:
    return read_input(json.dumps(sent).encode())


def request(**parts: object) -> Composed | None:
    return read(request={"origin": "localhost", **parts})[1]


def test_what_is_left_out_has_a_default() -> None:
    assert read() == (Edited({}), None)
    assert request() == Composed("localhost")


def test_a_whole_request() -> None:
    composed = request(
        kind="fetch", method="PUT", path="/crash", headers=[["X-A", "b"]], credentials=True, body="c"
    )
    assert composed == Composed("localhost", "fetch", "PUT", "/crash", (("X-A", "b"),), True, "c")


def test_options_stay_as_they_are() -> None:
    options = {"allow_origins": [1, None, "x"], "max_age": "soon", "unknown": True}
    edited, _ = read(policy=options, protect="report", debug=False)
    assert edited == Edited(options, "report", debug=False)


@table(
    "sent, error",
    ("no JSON", b"{", "The body is not JSON."),
    ("nothing", b"", "The body is not JSON."),
    ("not UTF-8", b'{"policy": "\xff"}', "The body is not JSON."),
    ("too many levels for JSON", b"[" * 60_000, "The body is not JSON."),
    ("a number with too many digits", b'{"policy": ' + b"1" * 10_000 + b"}", "The body is not JSON."),
    ("a list", b"[]", "the body: this is not a JSON object."),
    ("an unknown key", b'{"polcy": {}}', "the body: there is no key 'polcy'."),
    ("a policy as text", b'{"policy": "x"}', "policy: this is not an object with the options of a policy."),
)
def test_the_whole_is_refused(sent: bytes, error: str) -> None:
    with pytest.raises(InputError) as refused:
        read_input(sent)
    assert str(refused.value) == error


@table(
    "sent, error",
    ("nested lists", {"policy": {"allow_origins": [["x"]]}}, "policy: an option is a text, a number, "),
    ("an object as option", {"policy": {"max_age": {}}}, "policy: an option is a text, a number, "),
    (
        "many entries",
        {"policy": {"allow_origins": [""] * 501}},
        "policy: a list can have at most 500 ",
    ),
    ("protect", {"protect": "on"}, 'protect: choose one of false, "report", true.'),
    ("a number is no switch", {"protect": 1}, 'protect: choose one of false, "report", true.'),
    ("debug", {"debug": None}, "debug: choose one of false, true."),
    ("a request as list", {"request": []}, "request: this is not a JSON object."),
    ("no origin", {"request": {}}, 'origin: choose one of "localhost", '),
)
def test_a_part_is_refused(sent: dict[str, object], error: str) -> None:
    with pytest.raises(InputError) as refused:
        read(**sent)
    assert str(refused.value).startswith(error)


@table(
    "part, error",
    ("an unknown part", {"mode": "no-cors"}, "request: there is no key 'mode'."),
    ("an origin of its own", {"origin": "https://evil.example"}, "origin: choose one of "),
    ("a kind", {"kind": "image"}, 'kind: choose one of "fetch", "form", "beacon".'),
    ("a method", {"method": "TRACE"}, 'method: choose one of "GET", '),
    ("a path", {"path": "/../etc"}, 'path: choose one of "/items", '),
    ("headers as object", {"headers": {}}, "headers: this is not a list."),
    ("many headers", {"headers": [["a", "b"]] * 21}, "headers: a request can have at most 20 headers here."),
    ("a header as text", {"headers": ["a: b"]}, "headers: each entry is a list of a name and a value."),
    ("a header of three", {"headers": [["a", "b", "c"]]}, "headers: each entry is a list of a name and"),
    ("a number as name", {"headers": [[1, "b"]]}, "the name of a header: this is not a text."),
    ("no token as name", {"headers": [["a b", ""]]}, "headers: 'a b' is not the name of a header."),
    ("a line in a value", {"headers": [["a", "b\nc"]]}, "headers: the value of a has something other than"),
    ("a value outside ASCII", {"headers": [["a", "é"]]}, "headers: the value of a has something other than"),
    ("a long value", {"headers": [["a", "b" * 1001]]}, "the value of a header: the text has more than 1000"),
    ("credentials as text", {"credentials": "include"}, "credentials: choose one of false, true."),
    ("a body as object", {"body": {}}, "body: this is not a text."),
    ("a long body", {"method": "POST", "body": "b" * 4001}, "body: the text has more than 4000 characters."),
    ("half a character", {"method": "POST", "body": "\ud800"}, "body: the text has half a character"),
    ("GET with a body", {"body": "b"}, "body: a GET request cannot have one. Choose another method."),
)
def test_a_request_is_refused(part: dict[str, object], error: str) -> None:
    with pytest.raises(InputError) as refused:
        request(**part)
    assert str(refused.value).startswith(error)


def test_a_form_has_no_method_and_may_have_a_body() -> None:
    assert request(kind="form", body="b") == Composed("localhost", "form", body="b")


def refusal(sent: bytes) -> str | None:
    try:
        read_input(sent)
    except InputError as error:
        return str(error)
    return None


@given(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON, st.dictionaries(st.sampled_from(PARTS), JSON))
def test_nothing_else_is_raised(sent: Any, parts: dict[str, object]) -> None:
    for each in (sent, {"request": parts}):
        said = refusal(json.dumps(each).encode())
        assert said is None or (len(said) < 300 and said.isprintable())


@given(st.binary(max_size=200))
def test_nothing_else_is_raised_for_bytes(sent: bytes) -> None:
    assert refusal(sent) is None or refusal(sent)
