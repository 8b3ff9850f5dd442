"""The ASGI and the WSGI adapter write the same response, and keep the application's own headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, Resources, asgi, wsgi
from tests.clients import Answer, ask_asgi, ask_wsgi

from .strategies import methods, name_lists, origins_near, weighted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = list[tuple[str, str]]
LISTED = ("https://app.example.com", "https://*.example.org", "http://localhost:*")


class Request(NamedTuple):
    method: str
    path: str
    headers: Headers  # names in lower case; a name may be repeated


class Response(NamedTuple):
    status: int
    headers: Headers
    body: bytes = b"body"


def over_asgi(policy: CORSPolicy | Resources, request: Request, response: Response, *, debug: bool) -> Answer:
    sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    before = list(sent)

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": response.status, "headers": sent})
        await send({"type": "http.response.body", "body": response.body})

    answer = ask_asgi(asgi.CORSMiddleware(app, policy=policy, debug=debug), *request)
    assert sent == before
    return answer


def over_wsgi(policy: CORSPolicy | Resources, request: Request, response: Response, *, debug: bool) -> Answer:
    sent = list(response.headers)

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(f"{response.status} Status", sent)
        return [response.body]

    joined: dict[str, str] = {}  # as a WSGI server hands them over, which has no room for two of one name
    for name, value in request.headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    path = request.path.encode("utf-8").decode("latin-1")
    middleware = wsgi.CORSMiddleware(app, policy=policy, debug=debug)
    answer = ask_wsgi(middleware, request.method, path, list(joined.items()))
    assert sent == response.headers
    return answer


def in_latin_1(text: str) -> str:
    return re.sub("[\0\r\n]", "", text.encode("latin-1", "replace").decode("latin-1"))[:9000]


policies = st.builds(
    lambda options, who: CORSPolicy(**options | who),
    st.fixed_dictionaries(
        {
            "allow_methods": st.sampled_from(("*", ("GET", "PUT"), "x-own")),
            "allow_headers": st.sampled_from(("*", (), ("X-Token",))),
            "expose_headers": st.sampled_from(((), ("X-Total", "X-Id"))),
            "allow_private_network": st.booleans(),
        }
    ),
    st.sampled_from(
        (
            {"allow_origins": LISTED, "max_age": None},
            {"allow_origins": "*"},
            {"allow_origins": "*", "allow_credentials": LISTED[1]},
            {"allow_origins": LISTED, "allow_credentials": True},
            {"allow_origin_func": lambda request: request.path == "/\xe9" and "x-own" in request.headers},
        )
    ),
)
keys: st.SearchStrategy[str | re.Pattern[str]] = st.sampled_from(
    ("/api/*", "/api", "/\xe9", re.compile(r"/[a-z]+"))
)
by_path = st.dictionaries(keys, st.one_of(st.none(), policies), min_size=1).map(Resources)

texts = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=20)
near = st.sampled_from(("https://app.example.com", "https://a.example.org", "null", *LISTED)).flatmap(
    origins_near
)
origin = st.tuples(st.just("origin"), near.map(in_latin_1))
method = st.tuples(st.just("access-control-request-method"), st.one_of(methods, texts))
names = st.tuples(st.just("access-control-request-headers"), name_lists.map(in_latin_1))
network = st.tuples(st.just("access-control-request-private-network"), st.sampled_from(("true", "")))
others = st.lists(st.one_of(origin, method, names, network, st.tuples(st.just("x-own"), texts)), max_size=3)
paths = st.sampled_from(("/", "/api", "/api/x", "/apix", "/\xe9", "/api/../x", "/a%2fb"))
actual = st.builds(
    lambda method, path, first, more: Request(method, path, [first, *more]), methods, paths, origin, others
)
preflights = st.builds(
    lambda path, *more: Request("OPTIONS", path, [*more[:2], *more[2]]), paths, origin, method, others
)
requests = weighted({preflights: 3, actual: 2, st.builds(Request, methods, paths, others): 1})

own_headers = st.tuples(st.sampled_from(("Set-Cookie", "set-cookie", "X-Own", "Content-Type")), texts)
written_headers = st.tuples(
    st.sampled_from(("Vary", "vary", "Access-Control-Allow-Origin", "ACCESS-CONTROL-X")),
    st.sampled_from(("*", "Origin", "origin, Accept-Encoding", " Cookie ,, \xe9", "")),
)
headers = st.lists(st.one_of(own_headers, written_headers), max_size=8)
responses = st.builds(Response, st.sampled_from((200, 204, 304, 404, 500)), headers)


@given(st.one_of(policies, by_path), requests, responses, st.booleans())
@example(
    CORSPolicy(allow_origins="*"),
    Request("GET", "/", [("origin", "a"), ("origin", "b")]),
    Response(200, [("Vary", "*")]),
    False,
)
def test_both_adapters_write_the_same_and_touch_no_other_header(
    policy: CORSPolicy | Resources, request: Request, response: Response, debug: bool
) -> None:
    answer = over_asgi(policy, request, response, debug=debug)
    assert answer == over_wsgi(policy, request, response, debug=debug)
    if answer.body == response.body:
        assert answer.status == response.status
        reasons = [value for name, value in answer.headers if name.lower() == "x-cors-refused"]
        assert len(reasons) <= debug
        assert all(len(reason) <= 500 and reason.isascii() and reason.isprintable() for reason in reasons)
        assert own(answer.headers) == own(response.headers)
    if isinstance(policy, CORSPolicy):  # a path that nothing covers keeps what the application wrote
        written = [name for name, _ in answer.headers if name.startswith("access-control-")]
        assert len(written) == len(set(written))
        assert "access-control-x" not in written


def own(headers: Headers) -> Headers:
    """All headers except those that the policy may write."""
    lowered = [(name.lower(), value) for name, value in headers]
    written = ("vary", "x-cors-refused", "access-control-")
    return [each for each in lowered if not each[0].startswith(written)]
