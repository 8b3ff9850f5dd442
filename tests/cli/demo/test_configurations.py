"""The configurations to copy: each makes the policy that was edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, cast

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSPolicy
from crosscors.cli.check.in_force import of_application
from crosscors.cli.demo import configurations as module
from crosscors.cli.demo.configurations import configurations
from crosscors.cli.demo.input import Protect
from crosscors.core.document import read_document
from crosscors.core.policy import options_of
from crosscors.django.configuration import configuration

from .playing import UNCHANGED

POLICIES = {
    "the defaults": CORSPolicy(),
    "every option": CORSPolicy(
        allow_origins=["https://a.example", "http://localhost:*"],
        allow_origin_regex=r"https://(b|c)\.example",
        allow_methods=["GET", "PUT"],
        allow_headers=["X-A", "Authorization"],
        allow_credentials=["https://d.example"],
        expose_headers=["X-B"],
        max_age=60,
        timing_allow_origin=True,
        dangerously_allow=["insecure-origins"],
    ),
    "everyone": CORSPolicy(allow_origins="*", allow_methods="*", allow_headers="*", expose_headers="*"),
    "everyone, and some with cookies": CORSPolicy(allow_origins="*", allow_credentials=["https://a.example"]),
    "the browser's default": CORSPolicy(allow_origins=["https://a.example"], max_age=None),
    "an expression with a quote": CORSPolicy(allow_origin_regex=r"""https://[a"]\.example"""),
}


def codes(policy: CORSPolicy, protect: Protect = False) -> dict[str, str]:
    return {each["name"]: each["code"] for each in configurations(policy, protect)}


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "main", "app": _wsgi if "crosscors.wsgi" in code else _asgi}
    exec(compile(code, "configuration", "exec"), names)  # noqa: S102  # it is what the test is about
    return names


def _wsgi(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError


def policy_of(app: object) -> CORSPolicy:
    [in_force] = of_application(app)
    assert in_force.policy is not None
    return in_force.policy


def meaning(policy: CORSPolicy) -> Mapping[str, object]:
    """The options, without the order of what has none."""
    options = options_of(policy)
    return {
        name: sorted(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
        for name, value in options.items()
    }


@pytest.mark.parametrize("name", ["FastAPI", "Starlette", "ASGI", "WSGI", "Flask"])
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_python_makes_the_policy(policy: CORSPolicy, name: str) -> None:
    assert meaning(policy_of(run(codes(policy)[name])["app"])) == meaning(policy)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_settings_make_the_policy(policy: CORSPolicy) -> None:
    settings = run(codes(policy)["Django"])
    given = {name: value for name, value in settings.items() if name.startswith("CORS_")}
    with override_settings(**{**UNCHANGED, **given}):
        [made] = configuration(False).decider.policies.policies
    assert meaning(made) == meaning(policy)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_a_document_makes_the_policy(policy: CORSPolicy) -> None:
    document, found = read_document(codes(policy)["TOML"], "toml")
    assert not found.problems
    assert document is not None
    assert document.policies == policy


@pytest.mark.parametrize("protect", [True, "report"])
@pytest.mark.parametrize("name", ["FastAPI", "Starlette", "ASGI", "WSGI", "Flask"])
def test_the_protection_is_written(name: str, protect: Protect) -> None:
    code = codes(CORSPolicy(allow_origins=["https://a.example"]), protect)[name]
    assert ("protect=True," if protect is True else 'protect="report",') in code
    run(code)


def test_the_protection_is_a_setting_and_no_part_of_a_document() -> None:
    written = codes(CORSPolicy(), "report")
    assert 'CORS_PROTECT = "report"' in written["Django"]
    assert "# protect belongs to the adapter: CORS(app, protect=...)" in written["TOML"]


@pytest.mark.parametrize("missing", ["flask", "django"])
def test_what_is_not_installed_has_none(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    find: Callable[[str], Any] = find_spec
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else find(name))
    assert {"flask": "Flask", "django": "Django"}[missing] not in codes(CORSPolicy())


ORIGINS = st.lists(
    st.sampled_from(["https://a.example", "https://*.b.example", "http://localhost:*"]), unique=True
)
NAMES = st.lists(st.sampled_from(["X-A", "X-B", "Authorization"]), unique=True)


@given(
    ORIGINS,
    st.lists(st.sampled_from(["GET", "PUT", "DELETE"]), unique=True),
    NAMES,
    NAMES,
    st.none() | st.integers(0, 86400),
)
def test_random_policies(
    origins: list[str], methods: list[str], allowed: list[str], exposed: list[str], max_age: int | None
) -> None:
    policy = CORSPolicy(
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=allowed,
        allow_credentials=bool(origins),
        expose_headers=exposed,
        max_age=max_age,
    )
    written = codes(policy)
    for name in ("FastAPI", "Flask", "WSGI"):
        assert meaning(policy_of(run(written[name])["app"])) == meaning(policy)
