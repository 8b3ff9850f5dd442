"""Whoever follows a hint gets a policy that starts, and that lets in what was meant and nothing else.

Hints are followed mechanically: the code is taken out of the sentence and put in place of what was refused,
until nothing is refused any more. The first advice of a hint is followed; what comes after "or" is for other
wishes.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, PolicyError, PolicyWarning, Problem, Resources
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.sites import sites_of
from crosscors.core.origins.serialized import is_serialized_origin

from ..rules import test_credentials as of_credentials
from ..rules import test_headers as of_headers
from ..rules import test_max_age as of_max_age
from ..rules import test_methods as of_methods
from ..rules import test_origins as of_origins
from ..rules import test_policy as of_types
from ..rules import test_refusals as of_refusals
from ..rules import test_regexes as of_regexes
from ..rules import test_warnings as of_warnings
from ..rules.kit import rows, warned
from . import reference
from .strategies import any_text, entries, origins_near, url_text

# The text to write may be legal and still be covered by something else.
pytestmark = pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")

# Following.

Options = dict[str, Any]
_STRING = r"""r?"[^"]*"|r?'[^']*'"""
_LIST = rf"\[(?:(?:{_STRING})(?:, )?)*\]"
_SETTING = re.compile(rf"\b([a-z_]+)=({_STRING}|{_LIST}|True|False|None|[0-9]+)")
_TEXT = re.compile(rf"(?:Write |write |such as |gives |subdomains \()({_STRING}|{_LIST})")


def followed(options: Options) -> CORSPolicy:
    """The policy that comes of following the hints."""
    for _ in range(3):  # what one hint gives may need another one
        for problem in problems_of(options):
            options = _changed(options, problem)
    return CORSPolicy(**options)


def problems_of(options: Options) -> tuple[Problem, ...]:
    """Why there is no policy. If there is one, what it warns about its expression."""
    try:
        found = warned(options)
    except PolicyError as error:
        return error.problems
    return tuple(problem for problem in found if problem.code.startswith("regex-"))


def _changed(options: Options, problem: Problem) -> Options:
    given = options.get(problem.option)
    entries = list(given) if isinstance(given, (list, tuple)) else [given]
    if problem.hint.startswith("Leave it out") and problem.value in entries:
        return {**options, problem.option: [entry for entry in entries if entry != problem.value]}
    text = _TEXT.search(problem.hint)
    found = _SETTING.findall(problem.hint.split(", or ")[0])
    if text is None and not found:
        found = _SETTING.findall(problem.hint)  # "Use https, or accept the danger with ..."
    settings = {name: ast.literal_eval(value) for name, value in found}
    if settings and not (text and text.start() < problem.hint.index("=")):
        # An expression stands for the entry that it replaces.
        left = [entry for entry in entries if entry != problem.value]
        changed = {problem.option: left} if "allow_origin_regex" in settings else {}
        return {**options, **changed, **settings}
    if text is None or problem.value not in entries:
        return options  # the value is what another hint gives, so it comes up again
    value = ast.literal_eval(text[1])
    if problem.option == "allow_origin_regex":
        return {**options, problem.option: value}
    at = entries.index(problem.value)
    entries[at : at + 1] = value if isinstance(value, list) else [value]
    return {**options, problem.option: entries}


# Judging.


def verdict(policy: CORSPolicy, origin: str) -> str:
    """What the origin may do."""
    decision = policy.decide(CORSRequest("GET", origin))
    if not decision.allowed:
        return "nothing"
    return "all" if ("Access-Control-Allow-Credentials", "true") in decision.headers else "read"


def probes(meant: Iterable[str]) -> list[str]:
    """The origins that are meant, those near them, and some of strangers."""
    origins = [
        "https://app.example.com",
        "https://x.example.com",
        "http://localhost:3000",
        "http://localhost",
    ]
    for entry in meant:
        origins += [
            entry.replace("*.", below).replace(":*", port) for below in ("a.b.", "") for port in ("", ":1")
        ]
    near = [
        change(origin)
        for origin in origins
        for change in (
            lambda origin: origin.replace(".", "x", 1),
            lambda origin: "x".join(origin.rsplit(".", 1)),
            lambda origin: origin.replace("x.", "xx", 1),
            lambda origin: origin.replace("://", "://evil", 1),
            lambda origin: origin.replace("://", "://www.", 1),
            lambda origin: f"{origin}.evil.example",
            lambda origin: f"{origin}:8444",
            lambda origin: f"{origin}0",
            lambda origin: origin.replace("https:", "http:"),
            lambda origin: origin.replace("http:", "https:"),
        )
    ]
    strangers = ["null", "file://", "https://evil.example", "http://evil.example", "https://example.com"]
    return [*filter(is_serialized_origin, (*origins, *near)), *strangers]


def entries_of(policy: CORSPolicy) -> tuple[str, ...]:
    return policy.allow_origins + (
        policy.allow_credentials or () if policy.allow_credentials is not True else ()
    )


def examples_of(policy: CORSPolicy) -> list[str]:
    """Origins that the expression lets in, of each site that it names."""
    regex = policy.allow_origin_regex
    return [] if regex is None else _examples(regex)


# Expressions whose dots have no backslashes. As written, what was meant, the same with credentials, why.
BARE_DOTS = [
    ("https://a.com|https://b.com", r"https://a\.com|https://b\.com", None, "two origins"),
    ("https?://a.com", r"https?://a\.com", r"https://a\.com", "either scheme"),
    ("https://[a-z]+.a.com", r"https://[a-z]+\.a\.com", None, "a range"),
    ("https://[abc].a.com", r"https://[abc]\.a\.com", None, "a set at the beginning"),
    ("https://[a-z]{1,3}.a.com", r"https://[a-z]{1,3}\.a\.com", None, "a count with a comma"),
    ("https://(?P<x>a|b).a.com", r"https://(a|b)\.a\.com", None, "a group with a name"),
    (r"https://\w+.a.com", r"https://\w+\.a\.com", None, "letters"),
    ("https://(.+).a.com", r"https://(.+)\.a\.com", None, "anything before a domain"),
    ("^https://app.a.com$", r"https://app\.a\.com", None, "anchors"),
    ("/^https://app.a.com$/", r"https://app\.a\.com", None, "slashes around it"),
    ("https://a.(com|org)", r"https://a\.(com|org)", None, "two top levels"),
    ("(a|b).a.com", r"https://(a|b)\.a\.com", None, "no scheme"),
    ("https://a.com(/.*)", r"https://a\.com", None, "a path"),
    ("https://a.com:[0-9]+", r"https://a\.com:[0-9]+", None, "a port"),
    ("https://a.com:.*", r"https://a\.com:.*", None, "anything for the port"),
    (
        "http://localhost:30[0-9]+|https://a.com",
        r"http://localhost:30[0-9]+|https://a\.com",
        None,
        "localhost",
    ),
    (r"https://app.example\.com", r"https://app\.example\.com", None, "a single one"),
]
AROUND = ("{}", '"{}"', "r'{}'", " {}\n", "ORIGIN={}", "{} # mine", "- {}")

# Options, the options that were meant or that the hint gives as an example, why.
A, B, APP = "https://a.example", "https://b.example", "https://app.example.com"
MEANT: list[tuple[Options, Options, str]] = [
    *(
        ({"allow_origins": [entry]}, {"allow_origins": [] if entry in NULLS else [write]}, why)
        for NULLS in (("NULL", '"null"'),)
        for _, entry, write, why in of_origins.REFUSED_ROWS
    ),
    *(
        ({"allow_origins": entry}, {"allow_origins": [write]}, why)
        for entry, _, write, why in of_origins.SEVERAL_FAULTS
    ),
    *(
        ({"allow_origins": [B, entry]}, {"allow_origins": [B, A, f"{A}:1"]}, f"{entry}, beside another")
        for entry in (f"{A}, {A}:1", f"['{A}', '{A}:1']", f"{A};{A}:1/", f'["{A}","{A}:1"]', f"{A} {A}:1")
    ),
    *(
        ({"allow_origins": [B, entry]}, {"allow_origins": [B]}, f"{entry!a}, which is left out")
        for entry in ("", " ", '""', "None", "undefined", "Null", "\ufeff", None)
    ),
    ({"allow_origins": "[]"}, {}, "an empty list in a string"),
    ({"allow_origins": [f"{A}:[1,2]"]}, {"allow_origins": [f"{A}:1", f"{A}:2"]}, "ports in brackets"),
    (
        {"allow_origins": ["http://localhost:30??"]},
        {"allow_origin_regex": r"http://localhost:30\d\d"},
        "a glob in the port",
    ),
    (
        {"allow_origins": ["https://a.b:8*"], "allow_credentials": True},
        {"allow_origin_regex": r"https://a\.b:8\d*", "allow_credentials": True},
        "a * in the port",
    ),
    (
        {"allow_origins": [r"https://[a-z]+\.a\.example", B]},
        {"allow_origins": [B], "allow_origin_regex": r"https://[a-z]+\.a\.example"},
        "an expression in a string",
    ),
    *(
        (
            {"allow_origins": [B, around.format(regex)], "allow_credentials": has_credentials},
            {
                "allow_origins": [B],
                "allow_origin_regex": (safe or meant) if has_credentials else meant,
                "allow_credentials": has_credentials,
            },
            f"{why}, as {around.format('an entry')!a}{' with credentials' if has_credentials else ''}",
        )
        for regex, meant, safe, why in BARE_DOTS
        for around in AROUND
        for has_credentials in (False, True)
    ),
    *(
        (
            {"allow_origin_regex": regex, "allow_credentials": has_credentials},
            {
                "allow_origin_regex": (safe or meant) if has_credentials else meant,
                "allow_credentials": has_credentials,
            },
            f"{why}, as the expression{' with credentials' if has_credentials else ''}",
        )
        for regex, meant, safe, why in BARE_DOTS
        for has_credentials in (False, True)
    ),
    *(
        (
            {"allow_origins": [entry], "allow_credentials": has_credentials},
            {"allow_origin_regex": meant, "allow_credentials": has_credentials},
            f"{why}{' with credentials' if has_credentials else ''}",
        )
        for entry, regex, with_credentials, why in of_origins.GLOBS
        for has_credentials, meant in ((False, regex), (True, with_credentials))
        if meant is not None
    ),
    ({"allow_origins": [b"https://a.example"]}, {"allow_origins": [A]}, "bytes"),
    ({"allow_origins": [str(b"https://a.example")]}, {"allow_origins": [A]}, "bytes that became a string"),
    ({"allow_origins": [[A, B]]}, {"allow_origins": [A, B]}, "a list within the list"),
    *(
        ({"allow_origins": [entry], "allow_credentials": True}, {"allow_credentials": [write or entry]}, why)
        for (_, danger), entry, write, why in of_credentials.UNSAFE
        if write is not None
    ),
    ({"allow_credentials": ["null", A]}, {"allow_credentials": [A]}, "null with credentials"),
    *(
        (options, {"allow_origins": "*", "allow_credentials": [APP]}, why)
        for options, option, why in of_credentials.EVERYONE
        if option == "allow_credentials"
    ),
    (
        {"allow_origins": "*", "allow_credentials": True},
        {"allow_origins": "*", "allow_credentials": [APP]},
        "everyone with credentials",
    ),
    (
        {"allow_origins": "ALL", "allow_credentials": "true"},
        {"allow_origins": "*", "allow_credentials": [APP]},
        "everyone with credentials, in words",
    ),
    *(
        (
            {"allow_origins": [A], "allow_credentials": value},
            {"allow_origins": [A], "allow_credentials": meant},
            f"{value!r}",
        )
        for meant, values in {
            True: ("true", "TRUE ", "yes", "on", "1", 1, 1.0, "t", "y", "'true'", "all", ["true"]),
            False: ("false", "no", "off", "0", 0, None, "n", ["no"]),
        }.items()
        for value in values
    ),
    (
        {"allow_origins": ["http://frontend:3000"], "allow_credentials": True},
        {"allow_origins": ["http://localhost:3000"], "allow_credentials": True},
        "a Docker service with credentials",
    ),
]


@rows("options, meant", MEANT)
def test_following_hints_lets_in_what_was_meant(options: Options, meant: Options) -> None:
    policy, expected = followed(options), CORSPolicy(**meant)
    origins = probes([*entries_of(expected), *examples_of(expected)])
    assert {each: verdict(policy, each) for each in origins} == {
        each: verdict(expected, each) for each in origins
    }


@rows(
    "fault, entry",
    [(fault, entry, why) for fault, entry, write, why in of_credentials.UNSAFE if write is None],
)
def test_without_another_text_to_write_the_hint_names_the_opt_in(fault: tuple[str, str], entry: str) -> None:
    policy = followed({"allow_credentials": [entry, A]})
    left = tuple(each for each in entries_of(policy) if each != A)
    if left == (entry,):
        assert policy.dangerously_allow == (fault[1],)
    else:  # an example, or nothing
        assert all("example" in each for each in left)
        assert policy.dangerously_allow == ()


# Options, why.
OTHERS: list[tuple[Options, str]] = [
    *(({option: value}, why) for option, value, _, why in of_types.WRONG_TYPES),
    *(({option: [entry]}, why) for option, entry, _, why in of_types.WRONG_ENTRIES),
    *(({"allow_credentials": value}, why) for value, _, why in of_credentials.WRONG),
    *(({"allow_methods": [method]}, why) for _, method, _, why in of_methods.REFUSED),
    *(({"allow_headers": [name]}, why) for name, _, why in of_headers.REFUSED),
    *(({"expose_headers": [name]}, f"{why}, exposed") for name, _, why in of_headers.REFUSED),
    *(({"max_age": value}, why) for _, value, _, why in of_max_age.REFUSED),
    *(
        ({"dangerously_allow": [name]}, why)
        for name, write, why in of_credentials.UNKNOWN_DANGERS
        if "," not in write
    ),
    *(
        ({"allow_origin_regex": regex, "allow_credentials": True}, why)
        for regex, write, why in of_regexes.INSECURE
        if write is not None
    ),
]


@rows("options", OTHERS)
def test_following_hints_makes_a_policy_that_starts_and_opens_nothing(options: Options) -> None:
    policy = followed(options)
    strangers = [
        "null",
        "file://",
        "https://evil.example",
        "http://app.example.com",
        "https://appxexample.com",
    ]
    assert {origin: verdict(policy, origin) for origin in strangers} == dict.fromkeys(strangers, "nothing")
    assert "*" not in (*policy.allow_methods, *policy.allow_headers, *policy.expose_headers)


def test_following_the_hint_of_a_warning_ends_the_warning() -> None:
    for entry, write, _ in of_warnings.UNLIKELY:
        (problem,) = warned({"allow_origins": [entry]})
        assert _changed({"allow_origins": [entry]}, problem) == {"allow_origins": [write]}
        assert warned({"allow_origins": [write]}) == []


class Url:
    """A URL as pydantic has it: not a str, and with a slash at its end."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


# URL, what the hint gives, whether it gives code for all URLs, why.
URLS = [
    ("https://a.example/", A, True, "as pydantic has it"),
    ("https://a.example", A, True, "without a slash"),
    ("https://a.example:443/", A, False, "with a port"),
    ("https://a.example/path", A, False, "with a path"),
]


@rows("text, write, has_code", URLS)
def test_a_url_object_in_a_list(text: str, write: str, has_code: bool) -> None:
    url = Url(text)
    given: list[Options] = [{"allow_origins": [url]}, {"allow_origins": url}, {"allow_credentials": [url]}]
    for options in given:
        with pytest.raises(PolicyError) as caught:
            CORSPolicy(**options)
        (problem,) = caught.value.problems
        assert (f'"{write}"' in problem.hint, 'str(url).rstrip("/")' in problem.hint) == (True, has_code)
        assert not has_code or str(url).rstrip("/") == write


class Unprintable:
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    "value", [Unprintable(), {"https://a.example": 1}, [["https://a.example", 1]], [[]], b"\xff"]
)
def test_an_object_that_is_no_url_gets_an_example(value: object) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origins=value)  # type: ignore[arg-type]
    assert 'Write allow_origins=["https://app.example.com"].' in str(caught.value)


# The refusals of requests.


# "..." stands for the entries that are there.
_LINE = re.compile(rf"[Ww]rite ([a-z_]+)=\[((?:(?:\.\.\.|{_STRING})(?:, )?)*)\]")


def _with_line(options: Options, hint: str) -> Options:
    """The options with the line that a hint gives."""
    changed = dict(options)
    for option, listed in _LINE.findall(hint):
        given = changed.get(option, [])
        there = [given] if isinstance(given, str) else [*given]
        written = ast.literal_eval(f"[{listed}]")
        changed[option] = [each for one in written for each in (there if one is ... else [one])]
    return changed


@rows(
    "options, origin, method, headers",
    [
        (*row[1:5], row[-1])
        for row in (*of_refusals.FOLLOWED, *of_refusals.EXPLAINED)
        if row[0].endswith("not-allowed") and "cookie" not in row[4]
    ]
    + [(row[0], row[1], "GET", "", row[-1]) for row in of_refusals.NEAR if row[3] is not None],
)
def test_following_the_hint_of_a_refusal_allows_the_request_and_no_other_origin(
    options: Options, origin: str, method: str, headers: str
) -> None:
    (refusal,) = of_refusals.decided(options, origin, method, headers).refusals
    changed = _with_line(options, refusal.hint)
    if changed != options:
        assert of_refusals.decided(changed, origin, method, headers).allowed
    for stranger in probes([]):
        if stranger != origin:
            assert verdict(CORSPolicy(**changed), stranger) == verdict(CORSPolicy(**options), stranger)
    assert changed != options or refusal.code != "origin-not-allowed"


_machines = st.sampled_from(("localhost", "127.0.0.1", "[::1]", "a.localhost"))
_hosts = st.one_of(
    _machines, st.sampled_from(("a.com", "www.a.com", "*.a.com", "b.a.com", "a.com.", "A.com", "frontend"))
)
_places = st.builds(
    "{}://{}{}".format,
    st.sampled_from(("http", "https", "app", "ws")),
    _hosts,
    st.sampled_from(("", ":3000", ":3001", ":443", ":*")),
)
_listed = st.lists(st.one_of(_places.filter(is_entry), entries), max_size=14, unique=True)


@given(
    _listed,
    st.one_of(st.booleans(), _listed),
    st.sampled_from(((), ("insecure-origins",), ("insecure-origins", "null-origin"))),
    st.one_of(_places, entries.flatmap(origins_near), st.sampled_from(("null", "file://"))),
)
def test_the_line_of_a_refused_origin_starts_and_allows_it_alone(
    listed: list[str], credentials: bool | list[str], dangers: tuple[str, ...], origin: str
) -> None:
    options: Options = {
        "allow_origins": listed,
        "allow_credentials": credentials or False,
        "dangerously_allow": dangers,
    }
    try:
        policy = CORSPolicy(**options)
    except PolicyError:
        return
    decision = policy.decide(CORSRequest("GET", origin))
    if not decision.refusals:
        return
    hint = decision.refusals[0].hint
    changed = _with_line(options, hint)
    followed = CORSPolicy(**changed)
    added = {*entries_of(followed)} - {*entries_of(policy)}
    assert {*entries_of(policy)} <= {*entries_of(followed)}
    assert len(added) <= 1
    assert added.isdisjoint({"null", "file://"})
    if decision.refusals[0].code == "origin-not-allowed" and "over https, because" not in hint:
        assert added == ({origin} if origin != "file://" else set())
    for stranger in probes(entries_of(policy)):
        if stranger not in added:
            assert verdict(followed, stranger) == verdict(policy, stranger)


# Keys of resources.

# Key, paths that are meant, paths that are not, why.
PATHS = [
    ("/(api|auth)/*", "/api /api/x /auth/x/y", "/apix /x /", "alternatives"),
    ("^/(?:api|auth)/", "/api/x /auth/x/y", "/apix /x /", "alternatives at the beginning"),
    ("/v[12]/*", "/v1/items /v2", "/v3/items /v12 /v", "a set"),
    ("/socket.io/?*", "/socket.io/ /socket.io/x", "/socketxio/ /socket.iox", "a ? and a *"),
    (r"/socket.io/\*", "/socket.io/ /socket.io/x", "/socketxio/ /socket.iox", "a * with a backslash"),
    (r"/socket\.io/.*", "/socket.io/ /socket.io/x", "/socketxio/ /socket.iox", "a dot with a backslash"),
    ("http://api.example.com/*", "/ /x", "", "a URL"),
    ("https://api.example.com/api/*", "/api/x", "/ /x /apix", "a URL with a path"),
    ("/test_acl*", "/test_acl /test_acl_x /test_acl/x", "/test /x/test_acl", "a * within a segment"),
    ("/a.b*", "/a.b /a.bc", "/axb /axbc", "a * after a dot"),
    ("/api/<int:id>", "/api/42", "/api/x /api/42/x /api", "a number of Flask"),
    ("/api/<id>", "/api/x", "/api/x/y /api", "a parameter of Flask"),
    ("/api/{id}/x", "/api/42/x", "/api/42 /api/4/2/x /api/42/x/y", "a parameter of FastAPI"),
    ("/files/{path:path}", "/files/a/b", "/files /filesx", "several segments"),
    (r"/v1.0/{id:\d+}", "/v1.0/42", "/v1x0/42 /v1.0/x", "an expression in a parameter"),
    ("api/*", "/api /api/x", "/apix /x", "no slash at the beginning"),
    ("/api/**", "/api /api/x/y", "/apix", "two *"),
    ("/api/*/x", "/api/1/x", "/api/x /api/1/2/x /api/1/y /api/1/x/y", "a * in the middle"),
    ("/api/**/x", "/api/x /api/1/2/x", "/api/1/y /apix", "two * in the middle"),
    ("/api/v1.*/x", "/api/v1/x /api/v1.2/x", "/api/v2/x", "a dot and a * in the middle"),
    ("/*.json", "/a.json", "/a/b.json /ajson /a.jsonx", "a * before a dot"),
    ("/v[0-9]+/a.b/*", "/v1/a.b /v22/a.b/x", "/v1/axb/x /v/a.b /v1/a.bx", "a range"),
    ("/(api|auth)*", "/api /apix /auth/x", "/x", "a * after alternatives"),
    ("/caf%C3%A9/{id}", "/caf\u00e9/1", "/cafe/1 /caf\u00e9", "an encoded letter and a parameter"),
]
_KEY = re.compile(r're\.compile\(r"([^"]*)"\)|"([^"]*)"')


@rows("key, meant, others", PATHS)
def test_following_the_hint_of_a_key_covers_what_was_meant(key: str, meant: str, others: str) -> None:
    policy = CORSPolicy(allow_origins="*")
    with pytest.raises(PolicyError) as caught:
        Resources({key: policy})
    (hint,) = {problem.hint for problem in caught.value.problems}
    first = re.split(r", or | for every|, which", hint)[0]
    resources = Resources(
        {re.compile(regex) if regex else text: policy for regex, text in _KEY.findall(first)}
    )
    assert [path for path in meant.split() if resources.policy_for(path) is None] == []
    assert [path for path in others.split() if resources.policy_for(path) is not None] == []


# Whatever is written.

_WRITE = re.compile(r'(?:Write|such as) "([^"]*)"')


def _to_write(error: PolicyError) -> list[str]:
    """What the hints give, less what another problem of the same error says is wrong with that in turn."""
    texts = chain.from_iterable(_WRITE.findall(problem.hint) for problem in error.problems)
    faulty = [problem.value for problem in error.problems]
    return [text for text in texts if text not in faulty]


def _instead_of(entry: str, *, allow_credentials: bool) -> list[str]:
    try:
        CORSPolicy(allow_origins=[entry], allow_credentials=allow_credentials)
    except PolicyError as error:
        return _to_write(error)
    return []


_near_misses = entries.flatmap(origins_near)
_faulty_entries = st.one_of(
    _near_misses, _near_misses.map(str.upper), any_text, url_text, url_text.map("http://{}".format)
)


@given(_faulty_entries)
@example("HTTPS://Bücher.Example:443/Path/?q#f")
@example("127.1:3000")
@example("http://[0::1]:80/")
@example("https://\0.8")
@example("https://\ud800.1")
def test_an_origin_in_a_hint_is_accepted(entry: str) -> None:
    for text in _instead_of(entry, allow_credentials=False):
        CORSPolicy(allow_origins=[text])


@given(st.one_of(entries, _faulty_entries))
@example("http://example.com:443")
@example("http://*.com")
@example("https://*.github.io")
@example("app://1.2")
def test_an_origin_in_a_hint_is_accepted_with_credentials(entry: str) -> None:
    for text in _instead_of(entry, allow_credentials=True):
        CORSPolicy(allow_origins=[text], allow_credentials=True)


_segments = st.sampled_from(
    (
        *(
            "api",
            "*",
            "a*",
            "..",
            ".",
            "",
            "é",
            "%2e%2e",
            "%25",
            "%3F",
            "x?y",
            "#f",
            "[",
            "a b",
            "(a|b)",
            "[12]",
        ),
        *("{id}", r"{id:\d+}", "<int:id>", ".*", "?*", "**", "^", "$", r"\.", "(", "https:", "a.b", "x{2}"),
    )
)
_paths = st.builds("{}{}".format, st.sampled_from(("/", "")), st.lists(_segments, max_size=4).map("/".join))


@given(st.one_of(_paths, any_text))
def test_a_path_in_a_hint_is_accepted(path: str) -> None:
    policy = CORSPolicy(allow_origins="*")
    try:
        Resources({path: policy})
    except PolicyError as error:
        for regex, text in chain.from_iterable(_KEY.findall(problem.hint) for problem in error.problems):
            assert Resources({re.compile(regex) if regex else text: policy}).policies


# Regular expressions without credentials: what is written around an origin, and mistakes in it.


def _around(origin: str) -> st.SearchStrategy[str]:
    """Expressions that match the origin, as people write them."""
    escaped = re.escape(origin)
    host = origin.partition("://")[2]
    any_label = escaped.replace(re.escape(host.partition(".")[0]), "[A-Za-z0-9_-]+", 1)
    written = (escaped, f"^{escaped}$", rf"\A{escaped}\Z", f"({escaped}|https://other\\.example)")
    open_ones = (
        f"{escaped}(:\\d+)?",
        f"(?:{escaped})(/.*)?",
        any_label,
        f".*{re.escape(host)}",
        "https?://.*",
    )
    matching = (text for text in (*written, *open_ones) if re.fullmatch(text, origin))
    return st.sampled_from([*matching])


def _codes(regex: str, *, allow_credentials: bool) -> list[str]:
    try:
        CORSPolicy(allow_origin_regex=regex, allow_credentials=allow_credentials)
    except PolicyError as error:
        return [problem.code for problem in error.problems]
    return []


_origins = entries.flatmap(origins_near).filter(reference.is_origin)


@given(_origins.flatmap(_around))
@example("https://a(/.*)?")
@example(r"http://a\.com:443")
@example("file://|x")
def test_an_expression_that_matches_an_origin_is_legal(regex: str) -> None:
    assert _codes(regex, allow_credentials=False) == []
    assert "regex-matches-nothing" not in _codes(regex, allow_credentials=True)


_MISTAKES = (
    (r"\.", "."),
    (r"\.", r"\\."),
    ("https", "HTTPS"),
    ("https://", ""),
    ("://", ":/"),
    ("://", "://*."),
    ("://", "://.*"),
    ("example", "Example"),
    ("com", "com/"),
    ("com", "com/.*"),
    ("com", "com.*"),
    ("com", "com?"),
    ("com", "com:443"),
    (r"\d", "d"),
    ("", " "),
    ("", "^"),
)
_sound = st.sampled_from(
    (
        r"https://example\.com",
        r"https://[a-z]+\.example\.com(:\d+)?",
        r"https://(a|b)\.example\.com",
        r"https?://localhost(:\d+)?|https://example\.com",
        r"https://myapp-.*\.vercel\.app|https://example\.com",
        r"http://192\.168\.\d+\.\d+:\d+",
    )
)


def _with_mistakes(regex: str, mistakes: list[tuple[str, str]]) -> str:
    for right, wrong in mistakes:
        regex = regex.replace(right, wrong)
    return regex


_wrong_expressions = st.builds(
    _with_mistakes, _sound, st.lists(st.sampled_from(_MISTAKES), min_size=1, max_size=3)
)


_safe = _sound.filter(lambda regex: "vercel" not in regex and "192" not in regex)


@given(st.lists(_safe, min_size=1, max_size=4), st.one_of(st.none(), _safe), st.booleans())
def test_the_expression_for_several_lets_in_what_each_of_them_does_and_nothing_else(
    several: list[str], given: str | None, credentials: bool
) -> None:
    options: Options = {"allow_origins": several, "allow_credentials": credentials}
    found = (
        _OPTION.match(each.hint.partition(", or a pattern")[0] + ".") for each in _problems(options, given)
    )
    (written,) = {eval(hint[1].partition("=")[2]) for hint in found if hint is not None}  # noqa: S307  # that is what pasting it means
    parts = [re.compile(part) for part in (*several, *([] if given is None else [given]))]
    policy = CORSPolicy(allow_origin_regex=written, allow_credentials=credentials)
    for part in parts:
        assert {verdict(policy, each) for each in _examples(part)} <= {"read", "all"}
    assert all(any(part.fullmatch(each) for part in parts) for each in _examples(re.compile(written)))


def _examples(regex: re.Pattern[str]) -> list[str]:
    return [*chain.from_iterable(sites_of(regex).examples.values())]


def _problems(options: Options, given: str | None) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options, allow_origin_regex=given)
    return caught.value.problems


_OPTION = re.compile(r"Write (?:allow_origins=\[.*?\], or )?(allow_origin_regex=.*?)(?:, or accept .*)?\.$")


@given(_wrong_expressions, st.booleans())
def test_an_expression_in_a_hint_is_accepted_and_says_no_more_about_it(regex: str, credentials: bool) -> None:
    for problem in _found(regex, credentials):
        hint = _OPTION.match(problem.hint)
        if hint is not None:
            written = eval(hint[1].partition("=")[2])  # noqa: S307  # that is what pasting it means
            # One hint does not say all: ":d" is told once the rest is right.
            assert {each.code for each in _found(written, credentials)} <= {"regex-too-narrow"}
            witness = re.search(r"lets in (\S+), which", problem.message)
            assert witness is None or (
                re.fullmatch(regex, witness[1]) and not re.fullmatch(written, witness[1])
            )


def _found(regex: str, credentials: bool) -> list[Problem]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            CORSPolicy(allow_origin_regex=regex, allow_credentials=credentials)
        except PolicyError as error:
            return [*error.problems]
    return [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]


@given(_wrong_expressions, st.data())
def test_an_expression_in_a_warning_lets_in_no_more_than_the_one_that_it_replaces(
    regex: str, data: st.DataObject
) -> None:
    for problem in _found(regex, credentials=False):
        hint = _OPTION.match(problem.hint)
        if problem.code == "regex-too-wide" and hint is not None:
            written = eval(hint[1].partition("=")[2])  # noqa: S307  # that is what pasting it means
            text = data.draw(st.from_regex(written, fullmatch=True, alphabet=st.characters(codec="ascii")))
            assert re.fullmatch(regex, text) or not reference.is_origin(text)
