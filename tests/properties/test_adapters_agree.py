"""The ASGI and the WSGI adapter write the same response, and keep the application's own fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, Resources, asgi, wsgi
from tests.clients import Answer, Fields, ask_asgi, ask_wsgi

from .strategies import methods, origins_near, weighted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LISTED = ("https://app.example.com", "https://*.example.org", "http://localhost:*")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    fields: Fields  # names in lower case; a name may be repeated


@dataclass(frozen=True)
class Response:
    status: int
    fields: Fields
    body: bytes


def over_asgi(
    policy: CORSPolicy | Resources, request: Request, response: Response, *, debug: bool = False
) -> Answer:
    given_fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.fields]
    before = list(given_fields)

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": response.status, "headers": given_fields})
        await send({"type": "http.response.body", "body": response.body})

    middleware = asgi.CORSMiddleware(app, policy=policy, debug=debug)
    answer = ask_asgi(middleware, request.method, request.path, request.fields)
    assert given_fields == before
    return answer


def over_wsgi(
    policy: CORSPolicy | Resources, request: Request, response: Response, *, debug: bool = False
) -> Answer:
    given_fields = list(response.fields)

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(f"{response.status} Status", given_fields)
        return [response.body]

    middleware = wsgi.CORSMiddleware(app, policy=policy, debug=debug)
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    path = request.path.encode("utf-8").decode("latin-1")
    answer = ask_wsgi(middleware, request.method, path, _one_of_each(request.fields))
    assert given_fields == response.fields
    return answer


def _one_of_each(fields: Fields) -> Fields:
    """The fields as a WSGI server hands them over, which has no room for two of one name."""
    joined: dict[str, str] = {}
    for name, value in fields:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return list(joined.items())


# Policies.
_options = st.fixed_dictionaries(
    {
        "allow_origins": st.sampled_from((LISTED, LISTED[:1], ())),
        "allow_methods": st.sampled_from(("*", ("GET", "PUT"), "x-own")),
        "allow_headers": st.sampled_from(("*", (), ("X-Token",))),
        "expose_headers": st.sampled_from(((), ("X-Total", "X-Id"))),
        "max_age": st.sampled_from((None, 0, 600)),
        "allow_private_network": st.booleans(),
    }
)
_who = st.sampled_from(
    (
        {},
        {"allow_origins": "*"},
        {"allow_origins": "*", "allow_credentials": LISTED[1]},
        {"allow_origins": LISTED, "allow_credentials": True},
        {"allow_origin_regex": "http://.*"},
        {"allow_origin_func": lambda request: request.path == "/é" and "x-own" in request.headers},
    )
)
_single = st.builds(lambda options, who: CORSPolicy(**options | who), _options, _who)
_keys: st.SearchStrategy[str | re.Pattern[str]] = st.sampled_from(
    ("/api/*", "/api", "/api/private/*", "/é", "/*", re.compile(r"/[a-z]+"))
)
_by_path = st.dictionaries(_keys, st.one_of(st.none(), _single), min_size=1).map(Resources)
_policies = weighted({_single: 3, _by_path: 1})

# Requests.
_latin = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=20)
_near = st.sampled_from(LISTED).flatmap(origins_near)
_origins = st.one_of(
    st.sampled_from(("https://app.example.com", "https://a.example.org", "http://localhost:3000")),
    st.sampled_from(("https://evil.example", "null", "")),
    _near.map(lambda origin: origin.encode("latin-1", "replace").decode("latin-1")),
)
_names = st.sampled_from(
    ("x-token", "X-Token,content-type", "authorization , ,accept", ",", "x-token," * 300, "é")
)
_origin_field = st.tuples(st.just("origin"), _origins)
_method_field = st.tuples(st.just("access-control-request-method"), st.one_of(methods, _latin))
_more_fields = st.lists(
    st.one_of(
        _origin_field,
        _method_field,
        st.tuples(st.just("access-control-request-headers"), st.one_of(_names, _latin)),
        st.tuples(st.just("access-control-request-private-network"), st.sampled_from(("true", "false", ""))),
        st.tuples(st.sampled_from(("cookie", "x-own", "vary")), _latin),
    ),
    max_size=3,
)
_paths = st.sampled_from(("/", "/api", "/api/private/x", "/apix", "/é", "/api/../x", "/a%2fb"))
_actual = st.builds(
    lambda method, path, first, more: Request(method, path, [first, *more]),
    methods,
    _paths,
    _origin_field,
    _more_fields,
)
_preflights = st.builds(
    lambda path, origin, method, more: Request("OPTIONS", path, [origin, method, *more]),
    _paths,
    _origin_field,
    _method_field,
    _more_fields,
)
_requests = weighted({_preflights: 3, _actual: 2, st.builds(Request, methods, _paths, _more_fields): 1})

# Responses.
_own_fields = st.tuples(
    st.sampled_from(("Set-Cookie", "set-cookie", "X-Own", "Content-Type", "Cache-Control")), _latin
)
_touched_fields = st.tuples(
    st.sampled_from(
        (
            "Vary",
            "vary",
            "Access-Control-Allow-Origin",
            "access-control-allow-credentials",
            "Access-Control-X",
            "ACCESS-CONTROL-MAX-AGE",
        )
    ),
    st.sampled_from(
        ("*", "Origin", "origin, Accept-Encoding", " Cookie ,, é", "", "https://evil.example", "true")
    ),
)
_responses = st.builds(
    Response,
    st.sampled_from((200, 204, 304, 404, 405, 413, 500)),
    st.lists(st.one_of(_own_fields, _own_fields, _touched_fields), max_size=8),
    st.sampled_from((b"", b"body")),
)

_PUBLIC = CORSPolicy(allow_origins="*")


@given(_policies, _requests, _responses, st.booleans())
@example(
    _PUBLIC,
    Request("GET", "/", [("origin", "a"), ("origin", "b")]),
    Response(200, [("Vary", "*")], b""),
    False,
)
def test_both_adapters_answer_alike(
    policy: CORSPolicy | Resources, request: Request, response: Response, debug: bool
) -> None:
    assert over_asgi(policy, request, response, debug=debug) == over_wsgi(
        policy, request, response, debug=debug
    )


@given(_policies, _requests, _responses)
def test_no_other_field_of_the_application_is_touched(
    policy: CORSPolicy | Resources, request: Request, response: Response
) -> None:
    for deliver in (over_asgi, over_wsgi):
        answer = deliver(policy, request, response)
        if not _is_of_the_policy(answer):
            assert (answer.status, answer.body) == (response.status, response.body)
            assert _own(answer.headers) == _own(response.fields)


@given(_single, _requests, _responses)
def test_no_field_of_the_policy_has_two_values(
    policy: CORSPolicy, request: Request, response: Response
) -> None:
    for deliver in (over_asgi, over_wsgi):
        answer = deliver(policy, request, response)
        names = [name for name, _ in answer.headers if name.startswith("access-control-")]
        assert len(names) == len(set(names))
        assert "access-control-x" not in names
        fields = answer.cors()
        assert (
            fields.get("access-control-allow-origin") != "*"
            or "access-control-allow-credentials" not in fields
        )
        assert not any(character in value for value in fields.values() for character in "\r\n\0")


def _is_of_the_policy(answer: Answer) -> bool:
    """Whether it answers a preflight, so that the application has no part in it."""
    return answer.body == b"OK" or answer.body.startswith(b"Refused by")


def _own(fields: Fields) -> Fields:
    """All fields but those that are the policy's to write."""
    lowered = [(name.lower(), value) for name, value in fields]
    return [
        (name, value) for name, value in lowered if name != "vary" and not name.startswith("access-control-")
    ]
