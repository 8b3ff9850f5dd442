"""CrossOriginProtection as a value, and what its options take."""

from __future__ import annotations

import copy
import pickle
import re
import warnings
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from crosscors import (
    CrossOriginProtection,
    Decision,
    PolicyError,
    PolicyWarning,
)
from crosscors.core.origins import dangers
from crosscors.core.origins.public_suffixes import SuffixListError

from ..conftest import Approve
from ..tables import table
from .conftest import said_of
from .kit import APP, codes
from .protection_kit import (
    COOKIE,
    OWN,
    Options,
    request_with,
)

EVERYTHING: Options = {
    "report_only": True,
    "trusted_origins": ["https://pay.example", "https://*.example.org"],
    "own_origins": ["https://www.example.com"],
    "allowed_hosts": ["www.example.com", "*.example.org", "[::1]:8000"],
    "exempt": ["/saml/acs", re.compile("/pay/[0-9]+")],
}


def test_the_defaults() -> None:
    protection = CrossOriginProtection()
    assert {name: getattr(protection, name) for name in EVERYTHING} == {
        "report_only": False,
        "trusted_origins": (),
        "own_origins": (),
        "allowed_hosts": (),
        "exempt": (),
    }
    options = "report_only=False, trusted_origins=(), own_origins=(), allowed_hosts=(), exempt=()"
    assert repr(protection) == f"CrossOriginProtection({options})"


def test_it_is_a_value() -> None:
    protection = CrossOriginProtection(**EVERYTHING)
    assert protection == CrossOriginProtection(**EVERYTHING)
    assert hash(protection) == hash(CrossOriginProtection(**EVERYTHING))
    assert len({protection, CrossOriginProtection()}) == 2
    for twin in (copy.copy(protection), copy.deepcopy(protection), _pickled(protection)):
        assert twin == protection
        assert codes(_refused_by(twin)) == codes(_refused_by(protection)) == ["host-not-allowed"]
    with pytest.raises(FrozenInstanceError):
        protection.report_only = False  # type: ignore[misc]


def _pickled(protection: CrossOriginProtection) -> CrossOriginProtection:
    twin: CrossOriginProtection = pickle.loads(pickle.dumps(protection))  # noqa: S301  # its own
    return twin


def _refused_by(protection: CrossOriginProtection) -> Decision:
    decision = protection.check(request_with(COOKIE))
    assert decision is not None
    return decision


@table(
    "option, value, kept",
    ("a string is one entry", "trusted_origins", APP, (APP,)),
    ("a list keeps its order", "own_origins", [OWN, APP], (OWN, APP)),
    ("a set is sorted", "own_origins", {OWN, APP}, (OWN, APP)),
    ("a generator", "exempt", (path for path in ("/b", "/a")), ("/b", "/a")),
    ("one path", "exempt", "/hooks/*", ("/hooks/*",)),
    ("an app may be trusted", "trusted_origins", "capacitor://localhost", ("capacitor://localhost",)),
    ("http on this machine may be trusted", "trusted_origins", "http://localhost:*", ("http://localhost:*",)),
    (
        "a host in lower case, without a dot at its end",
        "allowed_hosts",
        "API.Example.Com.",
        ("api.example.com",),
    ),
    ("any port is the same as none", "allowed_hosts", "localhost:*", ("localhost",)),
    ("a port without a zero in front", "allowed_hosts", "localhost:080", ("localhost:80",)),
    ("IPv6 in the form of browsers", "allowed_hosts", "[0:0:0:0:0:0:0:1]:80", ("[::1]:80",)),
    ("a pattern", "allowed_hosts", "*.Example.com:8443", ("*.example.com:8443",)),
)
def test_values_are_kept_in_one_form(option: str, value: Any, kept: tuple[str, ...]) -> None:
    assert getattr(CrossOriginProtection(**{option: value}), option) == kept


def test_one_expression_is_one_path() -> None:
    expression = re.compile("/pay/[0-9]+")
    assert CrossOriginProtection(exempt=expression).exempt == (expression,)


def test_paths_in_a_set_are_in_order() -> None:
    assert CrossOriginProtection(exempt={"/b", "/a", "/c"}).exempt == ("/a", "/b", "/c")


def test_the_error_says_what_has_the_problem() -> None:
    with pytest.raises(PolicyError, match="This cross-origin protection has a problem:") as caught:
        CrossOriginProtection(trusted_origins="*")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # its own
    assert str(again) == str(caught.value)


def test_options_need_their_names() -> None:
    with pytest.raises(TypeError, match="trusted_origins"):
        CrossOriginProtection([APP])  # type: ignore[arg-type]


# Why, options, the codes of their problems.
WRONG: list[tuple[str, Options, list[str]]] = [
    ("a word from the environment", {"report_only": "true"}, ["wrong-type"]),
    ("the mode in place of a flag", {"report_only": "report"}, ["wrong-type"]),
    ("everyone is trusted", {"trusted_origins": "*"}, ["everyone-trusted"]),
    ("null is trusted", {"trusted_origins": ["null"]}, ["null-trusted"]),
    ("a file is trusted", {"trusted_origins": ["file://"]}, ["null-trusted"]),
    ("a public suffix", {"trusted_origins": "https://*.github.io"}, ["public-suffix-trusted"]),
    ("public suffixes below it", {"trusted_origins": "https://*.amazonaws.com"}, ["public-suffix-trusted"]),
    ("a trusted origin with a slash", {"trusted_origins": f"{APP}/"}, ["origin-trailing-slash"]),
    ("a trusted host without its scheme", {"trusted_origins": "app.example.com"}, ["origin-missing-scheme"]),
    ("a trusted expression", {"trusted_origins": re.compile("https://a")}, ["wrong-type"]),
    ("everyone is the server", {"own_origins": ["*"]}, ["everyone-trusted"]),
    ("null is the server", {"own_origins": ["null"]}, ["null-trusted"]),
    ("own origins without a scheme", {"own_origins": "api.example.com"}, ["origin-missing-scheme"]),
    ("own origins that are none", {"own_origins": None}, ["wrong-type"]),
    ("every host", {"allowed_hosts": "*"}, ["host-any"]),
    ("an origin in place of a host", {"allowed_hosts": ["https://api.example.com"]}, ["not-a-host"]),
    ("a URL in place of a host", {"allowed_hosts": ["http://localhost:8000/"]}, ["not-a-host"]),
    ("a host with a path", {"allowed_hosts": ["localhost:8000/"]}, ["not-a-host"]),
    ("the leading dot of Django", {"allowed_hosts": [".example.com"]}, ["not-a-host"]),
    ("IPv6 without brackets", {"allowed_hosts": ["::1"]}, ["not-a-host"]),
    ("hosts joined with commas", {"allowed_hosts": "a.example, b.example"}, ["not-a-host"]),
    ("a port that does not exist", {"allowed_hosts": ["localhost:70000"]}, ["not-a-host"]),
    ("port 0", {"allowed_hosts": ["localhost:0"]}, ["not-a-host"]),
    ("a star within a name", {"allowed_hosts": ["api.*.com"]}, ["not-a-host"]),
    ("not an IPv6 address", {"allowed_hosts": ["[::1::]"]}, ["not-a-host"]),
    ("an empty host", {"allowed_hosts": [""]}, ["not-a-host"]),
    ("blanks around a host", {"allowed_hosts": [" localhost "]}, ["not-a-host"]),
    ("a host that is missing", {"allowed_hosts": [None]}, ["wrong-type"]),
    ("a number in place of hosts", {"allowed_hosts": 8000}, ["wrong-type"]),
    ("an exempt path without a slash", {"exempt": "hooks"}, ["path-relative"]),
    ("every path is exempt", {"exempt": "*"}, ["exempts-everything"]),
    ("every path is exempt, with two stars", {"exempt": ["/a", "/**"]}, ["exempts-everything"]),
    ("an empty exempt path", {"exempt": ""}, ["path-relative"]),
    ("a trusted host that is only a star", {"trusted_origins": "https://*"}, ["origin-wildcard"]),
    ("an exempt route with a parameter", {"exempt": ["/hooks/{id}"]}, ["path-parameter"]),
    ("an exempt glob", {"exempt": "/hooks/*/done"}, ["path-wildcard"]),
    ("an exempt URL", {"exempt": "https://api.example.com/hooks"}, ["path-url"]),
    ("a number in place of exempt paths", {"exempt": 1}, ["wrong-type"]),
    ("a number among exempt paths", {"exempt": ["/a", 1]}, ["wrong-type"]),
    ("a list in the list of exempt paths", {"exempt": [["/a"]]}, ["wrong-type"]),
    ("exempt paths as a dict", {"exempt": {"/a": True}}, ["wrong-type"]),
    ("an expression of bytes", {"exempt": re.compile(b"/a")}, ["wrong-type"]),
    (
        "all problems are found at once",
        {"report_only": 1, "trusted_origins": "*", "own_origins": "*", "allowed_hosts": "*", "exempt": "a"},
        ["wrong-type", "everyone-trusted", "everyone-trusted", "host-any", "path-relative"],
    ),
]  # fmt: skip


@table("options, expected", *WRONG)
def test_what_cannot_work_is_refused(options: Options, expected: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(**options)
    assert [problem.code for problem in caught.value.problems] == expected
    assert {problem.option for problem in caught.value.problems} == set(options)
    assert all(
        problem.message.endswith(".") and problem.hint.endswith(".") for problem in caught.value.problems
    )


@table("path", ("a star", "*"), ("two stars", "/**"), ("nothing", ""))
def test_no_hint_exempts_every_path(path: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(exempt=path)
    assert caught.value.problems[0].hint == ('List the paths that other sites post to: exempt=["/saml/acs"].')


def test_hints_about_origins_name_no_option_of_policies() -> None:
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(trusted_origins="https://*")
    assert "allow_origin_regex" not in caught.value.problems[0].hint


def test_an_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="trusted_origin"):
        CrossOriginProtection(trusted_origin=APP)  # type: ignore[call-arg]


SURE_MISTAKES: list[tuple[str, Options, str]] = [
    ("plain http", {"trusted_origins": "http://app.example.com"}, "insecure-origin-trusted"),
    ("a trusted origin twice", {"trusted_origins": [APP, APP]}, "listed-twice"),
    ("an own origin twice", {"own_origins": [APP, APP]}, "listed-twice"),
    ("every path is exempt", {"exempt": ["/saml/acs", "/*"]}, "exempts-everything"),
    ("every path is exempt, as an expression", {"exempt": re.compile("/.*")}, "exempts-everything"),
    ("hosts below a public suffix", {"allowed_hosts": ["*.com", "localhost"]}, "public-suffix-host"),
    ("hosts below a domain of many owners", {"allowed_hosts": "*.github.io:8000"}, "public-suffix-host"),
    ("every path is exempt, as a string", {"exempt": "/*"}, "exempts-everything"),
    ("a host twice, in two spellings", {"allowed_hosts": ["localhost", "LOCALHOST:*"]}, "listed-twice"),
]


@table("options, code", *SURE_MISTAKES)
def test_what_is_surely_a_mistake_warns(options: Options, code: str) -> None:
    with pytest.warns(PolicyWarning) as caught:
        CrossOriginProtection(**options)
    assert [each.message.problem.code for each in caught if isinstance(each.message, PolicyWarning)] == [code]


def test_without_the_list_of_public_suffixes_no_pattern_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> bool:
        raise SuffixListError("no such file")

    monkeypatch.setattr(dangers, "has_many_owners", unreadable)
    assert CrossOriginProtection(allowed_hosts="*.com").allowed_hosts == ("*.com",)
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(trusted_origins="https://*.example.com")
    assert [problem.code for problem in caught.value.problems] == ["suffix-list-unreadable"]


def test_what_wrong_options_say(approved: Approve) -> None:
    approved("protection", [(why, _said_of_options(options)) for why, options, _ in (*WRONG, *SURE_MISTAKES)])


def _said_of_options(options: Options) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            CrossOriginProtection(**options)
        except PolicyError as error:
            return "\n".join(map(said_of, error.problems))
    problems = [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]
    return "\n".join(f"warning: {said_of(problem)}" for problem in problems)


@table(
    "options, entry",
    *((why, options, entry) for why, options, entry in (
        ("an origin", {"allowed_hosts": ["https://api.example.com"]}, ["api.example.com"]),
        ("a URL", {"allowed_hosts": ["http://localhost:8000/"]}, ["localhost:8000"]),
        ("a leading dot", {"allowed_hosts": [".example.com"]}, ["example.com", "*.example.com"]),
        ("IPv6 without brackets", {"allowed_hosts": ["::1"]}, ["[::1]"]),
        ("a list in a string", {"allowed_hosts": "a.example, b.example"}, ["a.example", "b.example"]),
        ("blanks", {"allowed_hosts": [" localhost "]}, ["localhost"]),
    )),
)  # fmt: skip
def test_following_the_hint_about_a_host(options: Options, entry: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(**options)
    (problem,) = caught.value.problems
    written = re.findall(r'"([^"]+)"', problem.hint)
    assert list(CrossOriginProtection(allowed_hosts=written).allowed_hosts) == entry
