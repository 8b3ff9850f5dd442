"""The options of the Flask extension: how faults are named, and that what a hint says to write helps."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from crosscors import CORSPolicy, PolicyError, PolicyWarning, Problem, Resources
from crosscors.flask import CORS, cross_origin
from tests.clients import ask_wsgi
from tests.tables import each, table

ORIGIN = "https://app.example.com"
ANYWHERE = "https://anywhere.example.org"


def site(config: Mapping[str, Any] | None = None, /, **options: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config or {})
    app.add_url_rule("/", view_func=lambda: "Hello", endpoint="hello")
    CORS(app, **options)
    return app


def problems_of(config: Mapping[str, Any] | None = None, /, **options: Any) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as refused:
        site(config, **options)
    return refused.value.problems


def warnings_of(config: Mapping[str, Any] | None = None, /, **options: Any) -> list[Problem]:
    """What an application that starts warns about."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        site(config, **options)
    return [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]


def configured(options: Mapping[str, Any]) -> dict[str, Any]:
    return {f"CORS_{name.upper()}": value for name, value in options.items()}


def is_allowed(app: Flask, origin: str) -> bool:
    return ask_wsgi(app, headers=[("Origin", origin)]).allowed in (origin, "*")


# Names.


@table(
    "name, nearest",
    *(
        (name, name, nearest)
        for nearest, names in {
            "origins": ["origin", "orgins", "allow_origin", "allowed_origins"],
            "allow_origin_regex": ["allow_origins_regex"],
            "methods": ["method", "allowed_methods"],
            "allow_headers": ["allowed_headers"],
            "expose_headers": ["expose_header", "exposed_headers"],
            "supports_credentials": ["support_credentials", "allow_credential"],
            "max_age": ["maxage"],
            "resources": ["resource", "recources"],
            "send_wildcard": ["send_wildcards"],
            "intercept_exceptions": ["intercept_exception"],
        }.items()
        for name in names
    ),
)
def test_an_unknown_name_is_refused_in_every_place_with_the_nearest(name: str, nearest: str) -> None:
    label = f"CORS_{name.upper()}"
    rows: list[tuple[tuple[Problem, ...], str, str]] = [
        (problems_of(**{name: ORIGIN}), name, f"{nearest}="),
        (problems_of(resources={"/api/*": {name: ORIGIN}}), f"resources['/api/*'] {name}", f"{nearest}="),
        (problems_of({label: ORIGIN}), label, f"CORS_{nearest.upper()}"),
    ]
    for problems, option, hint in rows:
        [problem] = problems
        assert (problem.code, problem.option, problem.value) == ("unknown-option", option, ORIGIN)
        assert hint in problem.hint
    if nearest != "resources":
        with pytest.raises(PolicyError) as refused:
            cross_origin(**{name: ORIGIN})  # type: ignore[arg-type]
        assert refused.value.problems[0].option == name


def test_a_name_that_is_like_no_other_is_refused_with_all_names(approved: Callable[[str, str], None]) -> None:
    for name in ("xyz", "ORIGINS", "on_decisions", "static_folder"):
        [problem] = problems_of(**{name: 1})
        approved("flask_names", problem.hint)


@each("name", "debug", "on_decision", "resources")
def test_a_resource_has_no_options_of_the_application(name: str) -> None:
    [problem] = problems_of(resources={"/*": {name: True}})
    assert problem.option == f"resources['/*'] {name}"


@each("name", "CORS_ORIGIN_WHITELIST", "CORS_ORIGIN_ALLOW_ALL", "CORS_ALLOWED_ORIGINS", "CORS_DEV_ORIGINS")
def test_another_library_s_name_does_not_leave_everyone_allowed(name: str) -> None:
    [problem] = problems_of({name: [ORIGIN]})
    assert problem.option == name


@table(
    "theirs, ours",
    ("origins", "origins", "allow_origins"),
    ("methods", "methods", "allow_methods"),
    ("credentials", "supports_credentials", "allow_credentials"),
)
def test_both_spellings_in_one_place_are_refused(theirs: str, ours: str) -> None:
    both: dict[str, Any] = {theirs: [ORIGIN], ours: [ORIGIN]}
    for problems, option in (
        (problems_of(**both), ours),
        (problems_of(resources={"/*": both}), f"resources['/*'] {ours}"),
        (problems_of(configured(both)), f"CORS_{ours.upper()}"),
    ):
        [problem] = [each for each in problems if each.code == "given-twice"]
        assert problem.option == option


# Flask-CORS's switches.


@each("name", "vary_header", "always_send", "automatic_options", "intercept_exceptions")
@each("value", False, None, 0, 1, "false", "true")
def test_a_switch_takes_only_true(name: str, value: Any) -> None:
    assert_switch_refused(name, value)


@each("value", None, 0, 1, "false", "true")
def test_what_is_not_a_bool_is_refused_for_send_wildcard_too(value: Any) -> None:
    assert_switch_refused("send_wildcard", value)


def assert_switch_refused(name: str, value: Any) -> None:
    places = [(problems_of(**{name: value}), name)]
    if value is not None:  # which means in the configuration that it is not given
        places.append((problems_of({f"CORS_{name.upper()}": value}), f"CORS_{name.upper()}"))
    for [problem], option in places:
        assert (problem.code, problem.option, problem.value) == ("always-on", option, value)


@table(
    "options, code",
    ("everyone by default, who gets an asterisk", {}, "always-on"),
    ("everyone by name", {"origins": ["*"]}, "always-on"),
    ("a list, where it changes nothing", {"origins": ORIGIN}, None),
)
def test_send_wildcard_may_spell_out_the_default_of_flask_cors(
    options: dict[str, Any], code: str | None
) -> None:
    for config, given in (({}, {"send_wildcard": False}), ({"CORS_SEND_WILDCARD": False}, {})):
        found = warnings_of(config, **options, **given)
        assert [each.code for each in found] == ([code] if code else [])


def test_the_defaults_of_flask_cors_may_be_spelled_out() -> None:
    defaults: dict[str, Any] = {
        "origins": "*",
        "methods": ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"],
        "allow_headers": "*",
        "expose_headers": None,
        "supports_credentials": False,
        "max_age": None,
        "send_wildcard": False,
        "automatic_options": True,
        "vary_header": True,
        "resources": r"/*",
        "intercept_exceptions": True,
        "always_send": True,
        "allow_private_network": False,
    }
    for each_warning in (*warnings_of(**defaults), *warnings_of(configured(defaults))):
        assert "send_wildcard" in each_warning.option.lower()


# Regular expressions.


@table(
    "expression, origin, entry",
    *(
        (expression, expression, origin, entry)
        # The string, an origin that it was meant for, and the entry that says the same, if there is one.
        for expression, origin, entry in [
            (r"https://.*\.example\.com", "https://a.example.com", "https://*.example.com"),
            (r"^https://.*\.example\.com$", "https://a.example.com", "https://*.example.com"),
            (r"https:\/\/.*\.example\.com", "https://a.example.com", "https://*.example.com"),
            (r"https://.+\.example\.com", "https://a.example.com", "https://*.example.com"),
            (r"https://[^.]+\.example\.com", "https://a.example.com", None),
            (r"https?://.*\.example\.com", "http://a.example.com", None),
            (r"https://(.*\.)?example\.com", "https://example.com", None),
            (r"https://example\.com", "https://example.com", "https://example.com"),
            (r"https://my-app-[a-z0-9]+-team\.vercel\.app", "https://my-app-1-team.vercel.app", None),
            (r"https://preview-\d+--site\.netlify\.app", "https://preview-7--site.netlify.app", None),
            (r"https://example\.com|https://a\.com", "https://a.com", None),
            (r"http://localhost:\d+", "http://localhost:3000", "http://localhost:*"),
            (r"^http://localhost:\d+$", "http://localhost:3000", "http://localhost:*"),
            (r"http://localhost:[0-9]+", "http://localhost:3000", "http://localhost:*"),
            (r"http://localhost(:\d+)?", "http://localhost", "http://localhost:*"),
            (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:3000", "http://127.0.0.1:*"),
            (r"http://192\.168\.\d+\.\d+:3000", "http://192.168.1.2:3000", None),
            (r"chrome-extension://.*", "chrome-extension://abcdefgh", None),
            (r"(?i)https://EXAMPLE\.com", "https://example.com", None),
        ]
    ),
)
def test_an_expression_in_a_string_is_refused_and_what_is_to_be_written_allows_what_it_was_meant_for(
    expression: str, origin: str | None, entry: str | None
) -> None:
    [problem] = problems_of(origins=[ORIGIN, expression])
    assert (problem.code, problem.option, problem.value) == ("origin-regex", "origins", expression)
    written = re.findall(r'Write "([^"]*)"', problem.hint)
    assert written == ([entry] if entry else [])
    assert f're.compile(r"{expression}")' in problem.hint
    for given in (re.compile(expression), *written):
        app = site(origins=given)
        assert origin is None or is_allowed(app, origin)
        assert is_allowed(app, ANYWHERE) == (entry == "*")


@table(
    "expression, credentials, hint",
    ("no backslashes", "https?://a.com", False, r're.compile(r"https?://a\.com"), which'),
    ("with credentials", "https?://a.com", True, r're.compile(r"https://a\.com"), which'),
    ("an open scheme", r".*\.a\.com", False, r're.compile(r"https://.*\.a\.com"), which'),
    ("a pattern, which means the same", r"http://[::1]:\d+", False, 'Write "http://[::1]:*".'),
    ("everyone", ".*", False, 'Write "*".'),
    ("everyone, with anchors", "^.*$", False, 'Write "*".'),
    ("everyone, with credentials", ".*", True, "List each origin"),
    ("names of many owners", r"https://.*\.github\.io", True, "List each origin"),
    ("what is not proved", r"https://(?=a)[^/]+\.[a-z]+", False, "List each origin"),
)
def test_only_an_expression_that_is_proved_is_to_be_written(
    expression: str, credentials: bool, hint: str
) -> None:
    [problem] = problems_of(origins=expression, supports_credentials=credentials)
    assert problem.code == "origin-regex"
    assert hint in problem.hint


LISTED = ["https://c.com"]


@table(
    "origins, hints",
    (
        "compiled ones in a list",
        [re.compile("https://a.com"), re.compile("https://b.com"), *LISTED],
        [rf'Write re.compile(r"https://{name}\.com").' for name in "ab"],
    ),
    (
        "a compiled one beside an origin",
        [re.compile("https://a.com"), *LISTED],
        [r'Write re.compile(r"https://a\.com").'],
    ),
    ("a compiled one alone", re.compile("https://a.com"), [r'Write origins=re.compile(r"https://a\.com").']),
    (
        "one in quotes",
        [r"'^https://a\.com$'", *LISTED],
        [r'Write re.compile(r"^https://a\.com$"), or a pattern such as "https://*.example.com".'],
    ),
    (
        "a list in one string",
        [r"https://d.com, ^https://a\.com$, ^https://b\.com$", *LISTED],
        [r'Write ["https://d.com", re.compile(r"^https://a\.com$"), re.compile(r"^https://b\.com$")].'],
    ),
)
def test_an_expression_in_a_hint_stands_beside_the_other_origins(origins: Any, hints: list[str]) -> None:
    problems = problems_of(origins=origins, supports_credentials=True)
    assert [each.hint for each in problems] == hints


@table(
    "text, code",
    ("an empty list", "[]", "origin-list-in-a-string"),
    ("a list in JSON", '["https://a.com"]', "origin-list-in-a-string"),
    ("a list of expressions", r"https://.*\.a\.com, https://.*\.b\.com", "origin-list-in-a-string"),
    ("a template", "${X}", "origin-template"),
    ("a template in a name", r"https://${X}\.a\.com", "origin-template"),
    ("a template in angle brackets", "https://<name>.a.com", "origin-template"),
    ("any port, as in Spring", "http://localhost:[*]", "origin-port"),
    ("quotes", "'https://a.com'", "origin-quoted"),
    ("an expression in quotes", r"'https://.*\.a\.com'", "origin-quoted"),
    ("a line of a .env file", r"ORIGIN=^https://.*\.a\.com$", "origin-space"),
    ("an expression with a count", "https://[a-z]{1,3}.a.com", "origin-regex"),
    ("an expression with a group", r"https://(?P<name>a|b)\.a\.com", "origin-regex"),
    ("a set as the whole label", r"https://[abc]\.com", "origin-regex"),
)
def test_a_text_with_signs_of_an_expression_has_the_one_problem_that_is_certain(text: str, code: str) -> None:
    assert [problem.code for problem in problems_of(origins=[text])] == [code]


def test_each_of_several_expressions_is_judged_alone() -> None:
    good, open_, wrong = (
        re.compile(each) for each in (r"https://a\.com", "https://b.com", r"https://c\.com/")
    )
    [problem] = problems_of(origins=[good, wrong])
    assert (problem.code, problem.option, problem.value) == (
        "regex-matches-nothing",
        "origins",
        wrong.pattern,
    )
    assert r're.compile(r"https://c\.com")' in problem.hint
    with pytest.warns(PolicyWarning, match="surely not meant") as caught:
        site(origins=[good, open_])
    assert [each.message.problem.value for each in caught if isinstance(each.message, PolicyWarning)] == [
        open_.pattern
    ]


def test_an_expression_is_named_where_it_is_written_and_can_be_pasted() -> None:
    expression = r'https://["a]\.example'
    assert problems_of({"CORS_ALLOW_ORIGINS": expression})[0].option == "CORS_ALLOW_ORIGINS"
    assert problems_of(allow_origins=expression)[0].option == "allow_origins"
    assert problems_of(resources={"/*": {"origins": expression}})[0].option == "resources['/*'] origins"
    [problem] = problems_of(origins=expression)
    [written] = re.findall(r"re\.compile\((.*)\),", problem.hint)
    assert eval(written) == expression  # noqa: S307  # that is what pasting it means


@table(
    "origins, code",
    ("neither an origin nor an expression", "(bad", "invalid-regex"),
    ("any top-level domain", "https://example.*", "origin-wildcard"),
    ("any host", "https://foo.*", "origin-wildcard"),
    ("a label within", "https://foo.*.example.com", "origin-regex"),
    ("a part of a label", "https://*-app.example.com", "origin-wildcard"),
    ("one name twice", [re.compile("(?P<n>a)"), re.compile("(?P<n>b)")], "invalid-regex"),
    ("a group by number beside others", [re.compile(r"(a)\1"), re.compile("b")], "invalid-regex"),
)
def test_what_cannot_be_an_origin_is_refused_and_no_hint_opens_more(origins: Any, code: str) -> None:
    [problem] = problems_of(origins=origins)
    assert problem.option == "origins"
    assert problem.code == code or {problem.code, code} <= {"origin-wildcard", "origin-regex"}
    for written in re.findall(r're\.compile\(r"([^"]*)"\)', problem.hint):
        assert not re.fullmatch(written, str(origins).replace("*", "evil.example"))


@each("regex", r"https://b\.example", re.compile(r"https://b\.example"))
def test_expressions_among_the_origins_stand_beside_allow_origin_regex(regex: Any) -> None:
    origins = ["https://c.example", re.compile(r"https://app\.example\.com")]
    app = site(origins=origins, allow_origin_regex=regex)
    found = [is_allowed(app, each) for each in (ORIGIN, "https://b.example", "https://c.example", ANYWHERE)]
    assert found == [True, True, True, False]
    for faulty, code in (("(bad", "invalid-regex"), (5, "wrong-type")):
        problems = problems_of(origins=origins, allow_origin_regex=faulty)
        assert (code, "allow_origin_regex") in [(problem.code, problem.option) for problem in problems]


# Values.

WITH: dict[str, Any] = {"supports_credentials": True}
EXPOSING_ALL: dict[str, Any] = {**WITH, "expose_headers": "*", "origins": ORIGIN}
ON_A_SUFFIX: dict[str, Any] = {**WITH, "origins": "https://*.github.io"}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "max_age below nought in a string": ({"max_age": "-1"}, "wrong-type"),
    "max_age with a unit": ({"max_age": "10m"}, "wrong-type"),
    "max_age with a blank": ({"max_age": " 600"}, "wrong-type"),
    "max_age with a fraction": ({"max_age": "600.0"}, "wrong-type"),
    "max_age too long in a string": ({"max_age": "9" * 5000}, "wrong-type"),
    "max_age empty": ({"max_age": ""}, "wrong-type"),
    "max_age True": ({"max_age": True}, "wrong-type"),
    "max_age below nought": ({"max_age": -1}, "negative-max-age"),
    "max_age too long": ({"max_age": 2**40}, "long-max-age"),
    "origins None": ({"origins": None}, "wrong-type"),
    "origins a number": ({"origins": 5}, "wrong-type"),
    "origins with a number": ({"origins": [ORIGIN, 5]}, "wrong-type"),
    "origins bytes": ({"origins": b"https://a.example"}, "wrong-type"),
    "origins an expression of bytes": ({"origins": re.compile(b"https://a")}, "wrong-type"),
    "origins a dict": ({"origins": {ORIGIN: 1}}, "wrong-type"),
    "origins empty": ({"origins": ""}, "origin-empty"),
    "origins in one string": ({"origins": f"{ORIGIN}, {ANYWHERE}"}, "origin-list-in-a-string"),
    "origins with a slash": ({"origins": f"{ORIGIN}/"}, "origin-trailing-slash"),
    "origins in upper case": ({"origins": "https://App.example.com"}, "origin-upper-case"),
    "origins without a scheme": ({"origins": "app.example.com"}, "origin-missing-scheme"),
    "methods None": ({"methods": None}, "wrong-type"),
    "methods in one string": ({"methods": "GET,POST"}, "not-a-token"),
    "methods with TRACE": ({"methods": ["TRACE"]}, "forbidden-method"),
    "allow_headers in one string": ({"allow_headers": "X-A, X-B"}, "not-a-token"),
    "expose_headers in one string": ({"expose_headers": "X-A, X-B"}, "not-a-token"),
    "expose_headers with credentials": (EXPOSING_ALL, "wildcard-with-credentials"),
    "credentials a string": ({"supports_credentials": "true", "origins": ORIGIN}, "wrong-type"),
    "credentials a number": ({"supports_credentials": 1, "origins": ORIGIN}, "wrong-type"),
    "http with credentials": ({**WITH, "origins": "http://example.com"}, "insecure-origin-with-credentials"),
    "a public suffix with credentials": (ON_A_SUFFIX, "public-suffix-with-credentials"),
    "null with credentials": ({**WITH, "origins": "null"}, "null-with-credentials"),
    "everyone with credentials": ({**WITH, "origins": "*"}, "wildcard-with-credentials"),
    "an expression with credentials": ({**WITH, "origins": re.compile(".*")}, "wildcard-with-credentials"),
    "an unknown danger": ({"dangerously_allow": ["null"]}, "unknown-danger"),
    "allow_private_network a string": ({"allow_private_network": "yes"}, "wrong-type"),
    "allow_origin_func a number": ({"allow_origin_func": 5}, "wrong-type"),
}
wrong = pytest.mark.parametrize(("options", "code"), WRONG.values(), ids=WRONG)


@wrong
def test_a_faulty_value_is_refused_in_every_place_under_the_name_that_it_has_there(
    options: dict[str, Any], code: str
) -> None:
    [of_keyword] = problems_of(**options)
    assert of_keyword.code == code
    assert of_keyword.option in options
    [of_resource] = problems_of(resources={"/*": options})
    assert of_resource.option == f"resources['/*'] {of_keyword.option}"
    with pytest.raises(PolicyError) as of_view:
        cross_origin(**options)
    assert of_view.value.problems == (of_keyword,)
    if None not in options.values():
        [of_config] = problems_of(configured(options))
        assert (of_config.code, of_config.option) == (code, f"CORS_{of_keyword.option.upper()}")
        assert f"{of_keyword.option}=" not in of_config.hint


_ASSIGNMENT = re.compile(r'(\w+)=(\[[^]]*\]|r?"[^"]*"|re\.compile\(r?"[^"]*"\)|\w+)')
_TEXT = re.compile(r'(?:[Ww]rite|such as|dot:) (\[[^]]*\]|r?"[^"]*")')


def as_hinted(options: dict[str, Any], problem: Problem) -> list[dict[str, Any]]:
    """The options, once for each way in which the hint says to change them."""
    changes = [dict(_ASSIGNMENT.findall(alternative)) for alternative in problem.hint.split(", or ")]
    changes += [{problem.option: text} for text in _TEXT.findall(problem.hint)]
    names = {"func": lambda request: True, "re": re}
    changed = [
        {**options, **{name: eval(text, names) for name, text in change.items()}}  # noqa: S307
        for change in changes
        if change
    ]
    if problem.hint.startswith("Leave it out"):
        changed.append({name: value for name, value in options.items() if name != problem.option})
        if problem.option == "origins":
            changed[-1]["origins"] = [ORIGIN]  # for "it" is one entry of several
    return changed


@pytest.mark.filterwarnings("ignore:allow_private_network:crosscors.PolicyWarning")
@wrong
def test_what_a_hint_says_to_write_is_accepted(options: dict[str, Any], code: str) -> None:
    [problem] = problems_of(**options)
    changed = as_hinted(options, problem)
    assert changed or code == "unknown-danger"  # whose hint has the names
    for each_ in changed:
        site(**each_)


@table(
    "options, value",
    ("an expression for headers", {"allow_headers": "X-.*"}, "X-.*"),
    ("a glob among headers", {"allow_headers": ["X-Token", "X-*"]}, "X-*"),
    ("every sign", {"allow_headers": "x!#$%&'*+.^_`|~"}, "x!#$%&'*+.^_`|~"),
    ("a glob for exposed headers", {"expose_headers": ["X-*"]}, "X-*"),
    ("methods", {"methods": "GET|POST"}, "GET|POST"),
)
def test_what_flask_cors_takes_for_an_expression_among_names_warns(
    options: dict[str, Any], value: str
) -> None:
    with pytest.warns(PolicyWarning, match="not as patterns or regular expressions") as caught:
        site(**options)
    [problem] = [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]
    assert (problem.code, problem.option, problem.value) == ("unlikely-name", *options, value)


# What means nothing. If it is left out, the default allows everything.

ALL: dict[str, Any] = {"origins": ORIGIN, "methods": ["GET"], "allow_headers": []}
NOTHING: list[tuple[str, Any]] = [
    *(("origins", value) for value in ("", [""], "None", "undefined", "[]", "  ", [None])),
    *(("methods", value) for value in ("", [""], "[]", "()", [None], "${METHODS}", "TRACE")),
    *(("allow_headers", value) for value in ("", [""], "[]", [None], "{{ headers }}")),
    *(("allow_origin_regex", value) for value in ("", "None", "[]", " ")),
]


@pytest.mark.parametrize(("name", "value"), NOTHING)
@each("place", "keyword", "configuration", "resource")
def test_a_hint_for_what_means_nothing_opens_nothing(name: str, value: Any, place: str) -> None:
    options = {key: each for key, each in ALL.items() if key != name}
    if name == "allow_origin_regex":
        del options["origins"]
    given: dict[str, dict[str, Any]] = {
        "keyword": {"config": options, "keywords": {name: value}},
        "configuration": {"config": {**options, name: value}, "keywords": {}},
        "resource": {"config": options, "keywords": {"resources": {"/*": {name: value}}}},
    }
    config, keywords = given[place]["config"], given[place]["keywords"]
    [problem] = problems_of(configured(config), **keywords)
    written = re.search(r'Write "?(\w+)"?(?:=| = |: )(\[[^]]*\])\.', problem.hint)
    assert written is not None, problem.hint
    core_name = written[1].lower().removeprefix("cors_")
    closed = {**ALL, core_name: eval(written[2])}  # noqa: S307  # that is what pasting it means
    app = site(**closed)
    assert not is_allowed(app, ANYWHERE)
    assert closed[core_name] in ([], ["GET"])


@table(
    "options, value, hint",
    ("headers", {"allow_headers": ["Accept"]}, "Accept", "Write allow_headers=[]."),
    ("one of two headers", {"allow_headers": ["Accept", "X-A"]}, "Accept", "Leave it out."),
    (
        "methods",
        {"methods": "None"},
        "None",
        'Write methods=["GET"]. An environment variable that is not set',
    ),
)
def test_a_hint_of_a_warning_opens_nothing(options: dict[str, Any], value: str, hint: str) -> None:
    [problem] = warnings_of(**options)
    assert problem.value == value
    assert problem.hint.startswith(hint)


def test_the_hints_are_in_the_reader_s_words(approved: Callable[[str, str], None]) -> None:
    lines = [f"{name}\n  {problems_of(**options)[0]}" for name, (options, _) in WRONG.items()]
    lines.append(f"a misspelled name\n  {problems_of({'CORS_ALLOWED_ORIGINS': ORIGIN})[0]}")
    lines.append(f"the tutorials' name\n  {warnings_of({'CORS_HEADERS': 'Content-Type'})[0]}")
    beside: dict[str, Any] = {"CORS_ALLOW_ORIGIN": ORIGIN, "CORS_ORIGINS": ORIGIN}
    lines.append(f"a name beside the right one\n  {warnings_of(beside)[0]}")
    lines.append(f"the default of Flask-CORS\n  {warnings_of(send_wildcard=False)[0]}")
    lines.append(f"everyone by default, with credentials\n  {problems_of(supports_credentials=True)[0]}")
    lines.append(f"a switch\n  {problems_of(vary_header=False)[0]}")
    approved("flask_problems", "\n".join(lines))


def test_every_problem_of_every_place_is_told_at_once() -> None:
    problems = problems_of(
        {"CORS_EXPOSE_HEADERS": "X-A, X-B"},
        orgins=ORIGIN,
        origins=[f"{ORIGIN}/", r"https://.*\.example\.com"],
        max_age=-1,
        methods="GET, PUT",
        vary_header=False,
    )
    assert sorted((problem.option, problem.code) for problem in problems) == [
        ("CORS_EXPOSE_HEADERS", "not-a-token"),
        ("max_age", "negative-max-age"),
        ("methods", "not-a-token"),
        ("orgins", "unknown-option"),
        ("origins", "origin-regex"),
        ("origins", "origin-trailing-slash"),
        ("vary_header", "always-on"),
    ]
    given = {"/a": {"origins": f"{ORIGIN}/"}, "b": {"max_age": -1}, "/c": 5, re.compile("/d"): {"x": 1}}
    assert [(problem.option, problem.code) for problem in problems_of(resources=given)] == [
        ("resources['/a'] origins", "origin-trailing-slash"),
        ("resources['b'] max_age", "negative-max-age"),
        ("resources['/c'] options", "wrong-type"),
        ("resources[re.compile('/d')] x", "unknown-option"),
        ("resources", "path-relative"),
    ]


# resources.


@table(
    "text, says",
    ("nothing", "", "CORS_RESOURCES: '' is empty. An environment variable that is not set can cause this."),
    ("a word for nothing", "None", "CORS_RESOURCES: 'None' is empty."),
    ("a dict in JSON", '{"/api/*": {"origins": "*"}}', "Write CORS_RESOURCES = json.loads(text)"),
    ("a list in JSON", '["/api/*"]', "Write CORS_RESOURCES = json.loads(text)"),
    ("a path that is JSON", "5", "CORS_RESOURCES: '5' does not begin with a slash."),
    ("a path without its slash", "{id}", "CORS_RESOURCES: '{id}' "),
)
def test_a_text_instead_of_resources_is_named_as_what_it_is(text: str, says: str) -> None:
    problems = problems_of({"CORS_RESOURCES": text})
    assert says in str(problems[0])
    if "json.loads" in says:
        site(resources=json.loads(text))


@each("where", "configuration", "keywords")
def test_what_is_wrong_further_out_is_not_said_of_each_resource(where: str) -> None:
    resources: Any = {"/a": {"origins": ORIGIN}, "/b": {"methods": "GET"}}
    if where == "keywords":
        [problem] = problems_of(max_age="x", resources=resources)
        assert problem.option == "max_age"
    else:
        [problem] = problems_of({"CORS_MAX_AGE": "x"}, resources=resources)
        assert problem.option == "CORS_MAX_AGE"


@table(
    "resources, code, write",
    ("no slash", "api", "path-relative", '"/api"'),
    ("an asterisk in the middle", "/api/*/x", "path-wildcard", '"/api/*"'),
    ("a query", "/api?x", "path-query", '"/api"'),
    ("a parameter", "/a/<int:x>", "path-parameter", '"/a/*"'),
    ("percent-encoded", "/%61", "path-encoded", '"/a"'),
    ("dot segments", "/a/../b", "path-ambiguous", '"/b"'),
    ("an expression", "^/api/", "path-regex", '"/api/*"'),
    ("an expression that ends in any text", r"/v\d/.*", "path-regex", r're.compile(r"/v\d/.*")'),
    ("alternatives", r"/(a|b)/users", "path-regex", '"/a/users" and "/b/users"'),
    ("a number", 5, "wrong-type", '"/api/*"'),
    ("bytes", b"/api", "wrong-type", '"/api/*"'),
)
def test_a_faulty_path_is_refused_in_every_shape_with_what_to_write(
    resources: Any, code: str, write: str
) -> None:
    shapes: list[Any] = [resources, [resources], {resources: {}}]
    for shape in shapes:
        [problem] = problems_of(resources=shape)
        assert (problem.code, problem.option) == (code, "resources")
        assert write in problem.hint
    site(resources=eval(write))  # noqa: S307  # that is what pasting it means


@table(
    "resources, code, option",
    ("a list within a list", [["/api"]], "wrong-type", "resources"),
    ("a dict within a list", [{"/api": {}}], "wrong-type", "resources"),
    ("two keys for all", {"*": {}, ".*": {}}, "given-twice", "resources"),
    ("two keys for one", {"/api/*": {}, "/api/.*": {}}, "given-twice", "resources"),
    ("a number for options", {"/api/*": 5}, "wrong-type", "resources['/api/*'] options"),
    ("a list for options", {"/api/*": []}, "wrong-type", "resources['/api/*'] options"),
    ("a class for a policy", {"/api/*": CORSPolicy}, "wrong-type", "resources['/api/*'] options"),
)
def test_resources_of_another_kind_are_refused(resources: Any, code: str, option: str) -> None:
    [problem] = problems_of(resources=resources)
    assert (problem.code, problem.option) == (code, option)


# policy=.

ANYONE = CORSPolicy(allow_origins="*")


@table(
    "options, code",
    ("a string", {"policy": "*"}, "wrong-type"),
    ("a dict", {"policy": {"origins": "*"}}, "wrong-type"),
    ("resources and options", {"policy": Resources({"/*": ANYONE}), "max_age": 1}, "policy-and-options"),
    ("resources and resources", {"policy": Resources({}), "resources": "/api/*"}, "policy-and-options"),
    ("an unknown option beside a policy", {"policy": ANYONE, "orgins": ORIGIN}, "unknown-option"),
)
def test_what_is_not_a_whole_policy_is_refused(options: dict[str, Any], code: str) -> None:
    [problem] = problems_of(**options)
    assert problem.code == code


def test_a_whole_policy_comes_before_the_configuration_and_may_be_for_some_paths() -> None:
    app = site(
        {"CORS_ORIGINS": ANYWHERE, "CORS_SUPPORTS_CREDENTIALS": True},
        policy=CORSPolicy(allow_origins=ORIGIN),
        resources="/api/*",
    )
    assert not is_allowed(app, ORIGIN)
    answer = ask_wsgi(app, path="/api/x", headers=[("Origin", ORIGIN)])
    assert answer.cors() == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}
    assert ask_wsgi(app, path="/api/x", headers=[("Origin", ANYWHERE)]).allowed is None
    [problem] = problems_of({"CORS_POLICY": "*"})
    assert problem.option == "CORS_POLICY"
    with pytest.raises(PolicyError) as refused:
        CORS(policy=ANYONE).init_app(Flask(__name__), origins=ORIGIN)
    assert [problem.code for problem in refused.value.problems] == ["policy-and-options"]
    app = Flask(__name__)
    CORS(origins=ANYWHERE).init_app(app, policy=CORSPolicy(allow_origins=ORIGIN))
    assert is_allowed(app, ORIGIN)


def test_an_async_function_is_refused_in_a_resource_too() -> None:
    async def func(_request: object) -> bool:
        return True

    for own in ({"allow_origin_func": func}, CORSPolicy(allow_origin_func=func)):
        assert [problem.code for problem in problems_of(resources={"/*": own})] == ["async-origin-func"]


# Credentials from further out.


@table(
    "origins, allowed",
    ("others, as a string", ANYWHERE, {ANYWHERE: False}),
    ("others, as a list", [ANYWHERE], {ANYWHERE: False}),
    ("one of them, and others", [ANYWHERE, ORIGIN], {ANYWHERE: False, ORIGIN: True}),
    ("everyone", "*", {ANYWHERE: False, ORIGIN: True}),
)
@each("given", [ORIGIN], ORIGIN)
def test_an_inherited_list_of_origins_with_credentials_allows_nobody_that_is_not_listed(
    origins: Any, allowed: dict[str, bool], given: Any
) -> None:
    app = site({"CORS_SUPPORTS_CREDENTIALS": given}, origins=origins)
    answers = {origin: ask_wsgi(app, headers=[("Origin", origin)]) for origin in (ORIGIN, ANYWHERE)}
    found = {
        origin: "access-control-allow-credentials" in answer.cors()
        for origin, answer in answers.items()
        if answer.allowed
    }
    assert found == allowed


NOT_BOOLS: list[Any] = ["true", "FALSE", 1, 0, 1.5, b"true", {}]


@table(
    "credentials, code",
    *((f"{value!r} is not a bool", value, "wrong-type") for value in NOT_BOOLS),
    *((f"{value!r} is not an origin", value, None) for value in ("yes", "1", "on", "", "app.example.com")),
    ("a slash at the end", f"{ORIGIN}/", "origin-trailing-slash"),
    ("a slash at the end of one entry", [ORIGIN, f"{ORIGIN}/"], "origin-trailing-slash"),
    ("everyone", "*", "wildcard-with-credentials"),
    ("everyone, in a list", (each for each in ["*"]), "wildcard-with-credentials"),
    ("an entry that is not a string", [5], "wrong-type"),
    ("several in a string", f"{ORIGIN},{ANYWHERE}", "origin-list-in-a-string"),
)
def test_wrong_credentials_from_further_out_are_refused_as_if_they_were_written_here(
    credentials: Any, code: str | None
) -> None:
    kept = tuple(credentials) if isinstance(credentials, Iterator) else credentials
    found = [
        problems_of({"CORS_SUPPORTS_CREDENTIALS": kept}, origins=ORIGIN),
        problems_of(supports_credentials=kept, resources={"/a": {"origins": ORIGIN}}),
        problems_of(supports_credentials=kept, origins=ORIGIN),
    ]
    assert [{each.code for each in problems} for problems in found[1:]] == [
        {each.code for each in found[0]}
    ] * 2
    assert code is None or code in {each.code for each in found[0]}


@table(
    "origins, is_kept",
    ("a pattern", "https://*.example.com", True),
    ("a pattern for others", "https://*.example.org", False),
    ("an expression", re.compile(r"https://[a-z]+\.example\.com"), True),
    ("an expression for others", re.compile(r"https://[a-z]+\.example\.org"), False),
)
@each("given", ORIGIN, [ORIGIN])
def test_an_inherited_origin_keeps_its_credentials_if_any_entry_allows_it(
    origins: Any, is_kept: bool, given: Any
) -> None:
    answer = ask_wsgi(
        site({"CORS_SUPPORTS_CREDENTIALS": given}, origins=origins), headers=[("Origin", ORIGIN)]
    )
    assert ("access-control-allow-credentials" in answer.cors()) == is_kept


def test_credentials_are_inherited_and_not_narrowed() -> None:
    for options in ({"origins": ORIGIN}, {"origins": ANYWHERE, "supports_credentials": [ORIGIN]}):
        app = site({"CORS_SUPPORTS_CREDENTIALS": True}, **options)
        answer = ask_wsgi(app, headers=[("Origin", ORIGIN)])
        assert answer.cors()["access-control-allow-credentials"] == "true"
