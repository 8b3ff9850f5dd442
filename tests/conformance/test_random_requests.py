"""Random requests under random policies: all stacks say the same, whatever it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, Resources
from tests.clients import Answer
from tests.properties.strategies import methods, origins_near, weighted

from .applications import FRAMEWORKS, STACKS, Stack
from .table import APP, EVIL, SECOND, Request, arrives_whole

LISTED = (APP, "https://*.example.org", "http://localhost:*")


def is_known(request: CORSRequest) -> bool:
    """A function that reads all it may; a sync one, which every stack can ask."""
    return "x-own" in request.headers and len(request.path) % 2 == 0 and request.host == "localhost"


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
_who: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    (
        {},
        {"allow_origins": "*"},
        {"allow_origins": "*", "allow_credentials": LISTED[1]},
        {"allow_origins": LISTED, "allow_credentials": True},
        {"allow_origin_regex": "http://.*"},
        {"allow_origin_func": is_known},
    )
)
_single = st.builds(lambda options, who: CORSPolicy(**options | who), _options, _who)
_keys: st.SearchStrategy[str | re.Pattern[str]] = st.sampled_from(
    ("/*", "/answers/*", "/answers/plain", "/view/*", "/\u00e9", re.compile(r"/[a-z/]+"))
)
_by_path = st.dictionaries(_keys, st.one_of(st.none(), _single), min_size=1).map(Resources)
_policies = st.one_of(_single, _by_path)

# Requests.
_latin = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=20).map(str.strip)
_origins = st.one_of(
    st.sampled_from((APP, SECOND, EVIL, "https://a.example.org", "http://localhost:3000", "null", "", "*")),
    st.sampled_from(LISTED)
    .flatmap(origins_near)
    .map(lambda text: text.encode("latin-1", "replace").decode("latin-1").strip(" \t\r\n\0")),
)
_names = st.sampled_from(("x-token", "X-Token,content-type", "authorization , ,accept", ",", "x-one," * 300))
_origin = st.tuples(st.just("Origin"), _origins)
_method = st.tuples(
    st.just("Access-Control-Request-Method"),
    weighted({st.sampled_from(("GET", "PUT")): 2, methods: 2, _latin: 1}),
)
_others = st.lists(
    st.one_of(
        _origin,
        _method,
        st.tuples(st.just("Access-Control-Request-Headers"), st.one_of(_names, _latin)),
        st.tuples(st.just("Access-Control-Request-Private-Network"), st.sampled_from(("true", "false", ""))),
        st.tuples(st.sampled_from(("X-Own", "Vary", "Access-Control-Allow-Origin")), _latin),
    ),
    max_size=3,
)
# Characters that routers, servers and file systems read in more than one way; some are no UTF-8.
_odd_paths = st.text(
    st.sampled_from("/a.%\\;:?#@ \u00e9\N{FULLWIDTH SOLIDUS}\t\n\0\x7f\udcff*"), max_size=8
).map(lambda text: f"/{text}")
_paths = st.one_of(
    st.sampled_from(("/answers/plain", "/answers/nowhere", "/answers", "/answers/", "/only-get", "/slash")),
    st.sampled_from(("/stream", "/errors/handled", "/nowhere", "/\u00e9", "/")),
    _odd_paths,
    st.builds("/answers{}".format, _odd_paths),
    st.builds("{}/answers/plain".format, _odd_paths),
)
_roots = st.sampled_from(("", "", "", "/v1"))
_any_method = st.one_of(methods, st.just("OPTIONS"))
# What answers with fields of its own answers so to these methods; routers differ in what others they refuse.
_answering = ("/answers/varies", "/answers/varies-by-all", "/answers/own", "/answers/own-many")
_reached = weighted(
    {
        st.tuples(_any_method, _paths): 3,
        st.tuples(st.sampled_from(("GET", "HEAD", "POST", "OPTIONS")), st.sampled_from(_answering)): 1,
    }
)
_actual = st.builds(
    lambda reached, origin, others, root: Request(reached[0], reached[1], [*origin, *others], root),
    _reached,
    st.lists(_origin, max_size=1),
    _others,
    _roots,
)
_preflights = st.builds(
    lambda path, origin, method, others, root: Request("OPTIONS", path, [origin, method, *others], root),
    st.one_of(_paths, st.sampled_from(_answering)),
    _origin,
    _method,
    _others,
    _roots,
)
_requests = st.lists(weighted({_preflights: 1, _actual: 1}), min_size=1, max_size=8)
# Where two views share a path, each method reaches one of them. What becomes of a method that neither takes,
# and which methods are redirected to the path with a slash, stands in the table.
_WITH_ANY_METHOD = ("/view/plain", "/view/slash/", "/view/handled", "/view/nowhere")
_view_methods = st.one_of(
    st.tuples(st.sampled_from(_WITH_ANY_METHOD), methods),
    st.tuples(st.sampled_from(("/view/slash", "/view/shared")), st.sampled_from(("GET", "HEAD"))),
    st.tuples(st.just("/view/shared"), st.just("DELETE")),
)
_view_requests = st.lists(
    st.one_of(
        st.builds(lambda reached, origin: Request(reached[1], reached[0], [origin]), _view_methods, _origin),
        st.builds(
            lambda reached, origin: Request(
                "OPTIONS", reached[0], [origin, ("Access-Control-Request-Method", reached[1])]
            ),
            _view_methods,
            _origin,
        ),
    ),
    min_size=1,
    max_size=8,
)


@dataclass(frozen=True)
class Said:
    """All of an answer that is the policy's."""

    fields: tuple[tuple[str, str], ...]
    status: int | None
    reason: bytes


def said(answer: Answer | None, request: Request) -> Said | None:
    if answer is None:
        return None
    fields = [each for each in answer.headers if each[0] == "vary" or each[0].startswith("access-control-")]
    is_of_policy = answer.body == b"OK" or answer.body.startswith(b"Refused by")
    # Servers join what was sent in two fields, some of them with a space behind the comma.
    names = [name for name, _ in request.fields]
    is_joined = len(names) > len(set(names))
    return Said(
        tuple(sorted(fields)),
        answer.status if is_of_policy else None,
        answer.body if is_of_policy and not is_joined else b"",
    )


def everything_said(
    stacks: tuple[Stack, ...], policy: CORSPolicy | Resources, requests: list[Request], **keywords: bool
) -> list[dict[str, Said | None]]:
    """What each stack said, for each request."""
    answers: dict[str, list[Said | None]] = {}
    for stack in stacks:
        # One after the other: Django's settings are those of the process.
        with stack.serve(policy, **keywords) as ask:
            answers[stack.name] = [said(ask(request), request) for request in requests]
    return [{name: all_said[number] for name, all_said in answers.items()} for number in range(len(requests))]


_thorough = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
@_thorough
@given(_policies, _requests)
@example(CORSPolicy(allow_origins=APP), [Request("GET", "//answers/plain", [("Origin", APP)])])
def test_all_stacks_say_the_same(policy: CORSPolicy | Resources, requests: list[Request]) -> None:
    for request, answers in zip(requests, everything_said(STACKS, policy, requests), strict=True):
        if "\udcff" in request.path:
            # Where others have U+FFFD for what is no UTF-8, Django over WSGI has its percent-encoding, which
            # is a path like any other.
            del answers["django"]
        whole = {answer for stack, answer in answers.items() if arrives_whole(stack, request)}
        assert len(whole) == 1, (request, answers)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
@_thorough
@given(_policies, _view_requests)
def test_all_frameworks_say_the_same_of_views(
    policy: CORSPolicy | Resources, requests: list[Request]
) -> None:
    for request, answers in zip(
        requests, everything_said(FRAMEWORKS, policy, requests, with_views=True), strict=True
    ):
        assert len(set(answers.values())) == 1, (request, answers)
