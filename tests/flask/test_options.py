"""The options of the Flask extension: every problem, what is said about it, and that what it says helps."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from crosscors import CORSPolicy, PolicyError, Problem, Resources
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, ask_wsgi

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def ask(app: Flask, origin: str = ORIGIN) -> Answer:
    return ask_wsgi(app, headers=[("Origin", origin)])


def is_allowed(app: Flask, origin: str) -> bool:
    return ask(app, origin).cors().get("access-control-allow-origin") in (origin, "*")


# Names.

KNOWN = (
    "policy, resources, origins, methods, supports_credentials, allow_origins, allow_origin_regex, "
    "allow_origin_func, allow_methods, allow_headers, allow_credentials, expose_headers, max_age, "
    "allow_private_network, dangerously_allow, send_wildcard, vary_header, always_send, automatic_options, "
    "intercept_exceptions"
)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("origin", "origins"),
        ("orgins", "origins"),
        ("allow_origin", "allow_origins"),
        ("allowed_origins", "allow_origins"),
        ("allow_origins_regex", "allow_origin_regex"),
        ("method", "methods"),
        ("allowed_methods", "allow_methods"),
        ("allowed_headers", "allow_headers"),
        ("expose_header", "expose_headers"),
        ("exposed_headers", "expose_headers"),
        ("support_credentials", "supports_credentials"),
        ("allow_credential", "allow_credentials"),
        ("maxage", "max_age"),
        ("resource", "resources"),
        ("send_wildcards", "send_wildcard"),
        ("intercept_exception", "intercept_exceptions"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    [problem] = problems_of(**{name: ORIGIN})
    assert problem == Problem(
        "unknown-option", name, ORIGIN, f"there is no option '{name}'.", f"Write {nearest}=..."
    )
    [in_resource] = problems_of(resources={"/api/*": {name: ORIGIN}})
    assert in_resource == Problem(
        "unknown-option", f"resources['/api/*'] {name}", ORIGIN, problem.message, problem.hint
    )
    label = f"CORS_{name.upper()}"
    assert problems_of({label: ORIGIN}) == (
        Problem(
            "unknown-option",
            label,
            ORIGIN,
            f"there is no option '{label}'.",
            f"Write CORS_{nearest.upper()}.",
        ),
    )


@pytest.mark.parametrize("name", ["xyz", "ORIGINS", "on_decisions", "static_folder"])
def test_a_name_that_is_like_no_other_is_refused_with_all_names(name: str) -> None:
    [problem] = problems_of(**{name: 1})
    assert problem.hint == f"The options are {KNOWN}."


@pytest.mark.parametrize("name", ["debug", "on_decision"])
def test_a_resource_has_no_options_of_the_application(name: str) -> None:
    [problem] = problems_of(resources={"/*": {name: True}})
    assert (problem.code, problem.option) == ("unknown-option", f"resources['/*'] {name}")


def test_a_resource_has_no_paths_below_it() -> None:
    [problem] = problems_of(resources={"/*": {"resources": "/api/*"}})
    assert problem.option.startswith("resources['/*']")


@pytest.mark.parametrize(
    "name",
    ["CORS_ORIGIN_WHITELIST", "CORS_ORIGIN_ALLOW_ALL", "CORS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGIN_REGEXES"],
)
def test_a_list_of_origins_under_another_library_s_name_does_not_leave_everyone_allowed(name: str) -> None:
    [problem] = problems_of({name: [ORIGIN]})
    assert problem.option == name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("origins", "allow_origins"),
        ("methods", "allow_methods"),
        ("supports_credentials", "allow_credentials"),
    ],
)
def test_both_spellings_in_one_place_are_refused(theirs: str, ours: str) -> None:
    both: dict[str, Any] = {theirs: [ORIGIN], ours: [ORIGIN]}
    message = f"is given together with {theirs}, which is the same."
    expected = Problem("given-twice", ours, [ORIGIN], message, "Keep one of the two.")
    assert expected in problems_of(**both)
    [of_resource] = [each for each in problems_of(resources={"/*": both}) if each.code == "given-twice"]
    assert (of_resource.option, of_resource.message) == (f"resources['/*'] {ours}", message)
    config = {f"CORS_{name.upper()}": value for name, value in both.items()}
    [of_config] = [each for each in problems_of(config) if each.code == "given-twice"]
    assert of_config.option == f"CORS_{ours.upper()}"
    assert of_config.message == f"is given together with CORS_{theirs.upper()}, which is the same."


# Flask-CORS's switches.

SWITCHES = ("send_wildcard", "vary_header", "always_send", "automatic_options", "intercept_exceptions")


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", [False, None, 0, 1, "false", "true"], ids=repr)
def test_a_switch_takes_only_true(name: str, value: Any) -> None:
    [problem] = problems_of(**{name: value})
    assert (problem.code, problem.option, problem.value) == ("always-on", name, value)
    assert problem.message.startswith(f"takes only True, not {value!r}: False ")
    assert problem.hint == "Leave it out."
    if value is not None:
        [in_config] = problems_of({f"CORS_{name.upper()}": value})
        assert (in_config.option, in_config.message) == (f"CORS_{name.upper()}", problem.message)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_that_is_on_changes_nothing(name: str) -> None:
    plain = ask(site(origins=ORIGIN)).headers
    assert ask(site(origins=ORIGIN, **{name: True})).headers == plain
    assert ask(site({f"CORS_{name.upper()}": True}, origins=ORIGIN)).headers == plain


# Regular expressions.

# The string, an origin that it was meant for, and the entry that says the same, if there is one.
EXPRESSIONS = [
    (r"https://.*\.example\.com", "https://a.example.com", "https://*.example.com"),
    (r"^https://.*\.example\.com$", "https://a.example.com", "https://*.example.com"),
    (r"https://.+\.vercel\.app", "https://a.vercel.app", "https://*.vercel.app"),
    (r"https://[a-z]+\.example\.com", "https://a.example.com", None),
    (r"https://[^.]+\.example\.com", "https://a.example.com", None),
    (r"https://\w+\.example\.com", "https://a.example.com", None),
    (r"https?://.*\.example\.com", "http://a.example.com", None),
    (r"https://(www\.)?example\.com", "https://example.com", None),
    (r"https://(a|b)\.example\.com", "https://b.example.com", None),
    (r"https://(.*\.)?example\.com", "https://example.com", None),
    (r"https://example\.com", "https://example.com", "https://example.com"),
    (r"https://my-app-[a-z0-9]+-team\.vercel\.app", "https://my-app-1-team.vercel.app", None),
    (r"https://deploy-preview-\d+--site\.netlify\.app", "https://deploy-preview-7--site.netlify.app", None),
    (r"https://example.com|https://a.com", "https://a.com", None),
    (r"http://localhost:\d+", "http://localhost:3000", "http://localhost:*"),
    (r"^http://localhost:\d+$", "http://localhost:3000", "http://localhost:*"),
    (r"http://localhost:[0-9]+", "http://localhost:3000", "http://localhost:*"),
    (r"http://localhost(:\d+)?", "http://localhost", "http://localhost:*"),
    (r"^https?://localhost:\d+$", "https://localhost:3000", None),
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:3000", "http://127.0.0.1:*"),
    (r"http://192\.168\.\d+\.\d+:3000", "http://192.168.1.2:3000", None),
    (r"http://[::1]:\d+", None, "http://[::1]:*"),
    (r"chrome-extension://.*", "chrome-extension://abcdefgh", None),
    (r"https:\/\/.*\.example\.com", "https://a.example.com", "https://*.example.com"),
    (r".*\.example\.com", "https://a.example.com", None),
    (r".*", ANYWHERE, "*"),
    (r"^.*$", ANYWHERE, "*"),
    (r"(?i)https://EXAMPLE\.com", "https://example.com", None),
]
expressions = pytest.mark.parametrize(
    ("expression", "origin", "entry"), EXPRESSIONS, ids=[each[0] for each in EXPRESSIONS]
)


@expressions
def test_an_expression_in_a_string_is_refused_with_what_to_write_in_its_place(
    expression: str, origin: str | None, entry: str | None
) -> None:
    [problem] = problems_of(origins=[ORIGIN, expression])
    assert (problem.code, problem.option, problem.value) == ("origin-regex", "origins", expression)
    instead = f'"{entry}", or ' if entry else ""
    assert problem.hint == f'Write {instead}re.compile(r"{expression}"), which has to match the whole origin.'


@expressions
def test_what_is_to_be_written_for_an_expression_allows_what_it_was_meant_for(
    expression: str, origin: str | None, entry: str | None
) -> None:
    instead: list[Any] = [re.compile(expression), *([entry] if entry else [])]
    [problem] = problems_of(origins=expression)
    assert problem.value == expression
    for each in instead:
        app = site(origins=each)
        if origin is not None:
            assert is_allowed(app, origin)
        assert is_allowed(app, ANYWHERE) == (entry == "*")


def test_an_expression_is_named_where_it_is_written() -> None:
    expression = r"https://.*\.example\.com"
    assert problems_of({"CORS_ALLOW_ORIGINS": expression})[0].option == "CORS_ALLOW_ORIGINS"
    assert problems_of(allow_origins=expression)[0].option == "allow_origins"
    assert problems_of(resources={"/*": {"origins": expression}})[0].option == "resources['/*'] origins"


def test_a_string_that_is_neither_origin_nor_expression_is_refused() -> None:
    [problem] = problems_of(origins="(bad")
    assert (problem.code, problem.value) == ("invalid-regex", "(bad")
    assert problem.message.startswith("'(bad' is neither an origin nor a valid regular expression: ")


def test_an_expression_with_a_quotation_mark_can_be_pasted_too() -> None:
    expression = r'https://"\w\.example'
    [problem] = problems_of(origins=expression)
    [written] = re.findall(r"re\.compile\((.*)\), which has to match the whole origin\.\Z", problem.hint)
    assert eval(written) == expression  # noqa: S307  # that is what pasting it means


@pytest.mark.parametrize(
    "glob", ["https://example.*", "https://foo.*.example.com", "https://*-app.example.com", "https://a*.com"]
)
def test_a_glob_that_is_no_pattern_is_refused(glob: str) -> None:
    [problem] = problems_of(origins=glob)
    assert problem.code in ("origin-wildcard", "origin-regex")


@pytest.mark.parametrize(
    "loose", ["https://example.*", "https://foo.*"], ids=["any top-level domain", "any host"]
)
def test_no_hint_makes_a_wildcard_for_strangers_look_harmless(loose: str) -> None:
    [problem] = problems_of(origins=loose)
    for written in re.findall(r're\.compile\(r"([^"]*)"\)', problem.hint):
        assert not re.fullmatch(written, loose.replace("*", "evil.example"))


FLAGS = [
    pytest.param([re.compile("https://APP.example.com", re.IGNORECASE)], id="one alone"),
    pytest.param(
        [re.compile("https://APP.example.com", re.IGNORECASE), re.compile("https://B.example")], id="two"
    ),
    pytest.param(
        [re.compile("(?i)https://APP.example.com"), re.compile("https://b.example")], id="flags within"
    ),
    pytest.param(
        [re.compile("https://app # mine\n.example.com # all", re.VERBOSE), re.compile("https://b.example")],
        id="with comments",
    ),
    pytest.param(
        (each for each in [re.compile("https://a.example"), re.compile("https://app.*")]), id="a generator"
    ),
]


@pytest.mark.parametrize("origins", FLAGS)
def test_expressions_keep_their_flags_side_by_side(origins: Any) -> None:
    app = site(origins=origins)
    assert is_allowed(app, ORIGIN)
    assert not is_allowed(app, ANYWHERE)


def test_flags_of_one_expression_are_none_of_another() -> None:
    app = site(
        origins=[re.compile("https://APP.example.com"), re.compile("https://b.example", re.IGNORECASE)]
    )
    assert not is_allowed(app, ORIGIN)


@pytest.mark.parametrize("regex", [r"https://b\.example", re.compile(r"https://b\.example")], ids=repr)
def test_expressions_among_the_origins_stand_beside_allow_origin_regex(regex: Any) -> None:
    app = site(
        origins=["https://c.example", re.compile(r"https://app\.example\.com")], allow_origin_regex=regex
    )
    allowed = [is_allowed(app, each) for each in (ORIGIN, "https://b.example", "https://c.example", ANYWHERE)]
    assert allowed == [True, True, True, False]


@pytest.mark.parametrize(
    ("expressions", "reason"),
    [
        ([re.compile("(?P<name>a)"), re.compile("(?P<name>b)")], "redefinition of group name"),
        ([re.compile(r"(a)\1"), re.compile("b")], "it refers to a group by number"),
    ],
    ids=["one name twice", "a number"],
)
def test_expressions_that_cannot_stand_side_by_side_are_refused(expressions: Any, reason: str) -> None:
    [problem] = problems_of(origins=expressions)
    assert (problem.code, problem.option) == ("invalid-regex", "origins")
    assert problem.message.startswith(f"the expressions cannot be used side by side: {reason}")
    assert problem.hint == 'Write one, joined with "|".'


def test_an_expression_that_refers_to_a_group_may_stand_alone() -> None:
    assert is_allowed(site(origins=re.compile(r"https://ap(p)\.exam(\1)?le\.com|https://(a)pp.*")), ORIGIN)


@pytest.mark.parametrize(("regex", "code"), [("(bad", "invalid-regex"), (5, "wrong-type")])
def test_a_faulty_allow_origin_regex_is_named_beside_expressions(regex: Any, code: str) -> None:
    problems = problems_of(origins=re.compile("https://a.example"), allow_origin_regex=regex)
    assert (code, "allow_origin_regex") in [(problem.code, problem.option) for problem in problems]


def test_an_expression_or_function_alone_does_not_mean_everyone() -> None:
    for app in (
        site(allow_origin_regex=r"https://app\.example\.com"),
        site(allow_origin_func=lambda request: request.origin == ORIGIN),
        site({"CORS_ALLOW_ORIGIN_REGEX": r"https://app\.example\.com"}),
    ):
        assert is_allowed(app, ORIGIN)
        assert not is_allowed(app, ANYWHERE)


def test_no_origins_means_no_one() -> None:
    assert not is_allowed(site(origins=[]), ORIGIN)


# Values.


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        pytest.param("600", ["600"], id="a string"),
        pytest.param("0", ["0"], id="nought in a string"),
        pytest.param(600, ["600"], id="a number"),
        pytest.param(timedelta(minutes=10), ["600"], id="a timedelta"),
        pytest.param(None, [], id="None"),
    ],
)
def test_max_age_may_be_given_as_flask_cors_takes_it(given: Any, sent: list[str]) -> None:
    fields = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]
    for app in (
        site(max_age=given),
        site({"CORS_MAX_AGE": given}),
        site(resources={"/*": {"max_age": given}}),
    ):
        assert ask_wsgi(app, "OPTIONS", "/", fields).values("access-control-max-age") == sent


WRONG = [
    pytest.param({"max_age": "-1"}, "wrong-type", id="max_age below nought in a string"),
    pytest.param({"max_age": "10m"}, "wrong-type", id="max_age with a unit"),
    pytest.param({"max_age": " 600"}, "wrong-type", id="max_age with a blank"),
    pytest.param({"max_age": "600.0"}, "wrong-type", id="max_age with a fraction"),
    pytest.param({"max_age": ""}, "wrong-type", id="max_age empty"),
    pytest.param({"max_age": True}, "wrong-type", id="max_age True"),
    pytest.param({"max_age": -1}, "negative-max-age", id="max_age below nought"),
    pytest.param({"max_age": 2**40}, "long-max-age", id="max_age too long"),
    pytest.param({"origins": None}, "wrong-type", id="origins None"),
    pytest.param({"origins": 5}, "wrong-type", id="origins a number"),
    pytest.param({"origins": [ORIGIN, 5]}, "wrong-type", id="origins with a number"),
    pytest.param({"origins": b"https://a.example"}, "wrong-type", id="origins bytes"),
    pytest.param({"origins": re.compile(b"https://a")}, "wrong-type", id="origins an expression of bytes"),
    pytest.param({"origins": {ORIGIN: 1}}, "wrong-type", id="origins a dict"),
    pytest.param({"origins": ""}, "origin-empty", id="origins empty"),
    pytest.param({"origins": f"{ORIGIN}, {ANYWHERE}"}, "origin-list-in-a-string", id="origins in one string"),
    pytest.param({"origins": f"{ORIGIN}/"}, "origin-trailing-slash", id="origins with a slash"),
    pytest.param({"methods": None}, "wrong-type", id="methods None"),
    pytest.param({"methods": "GET,POST"}, "not-a-token", id="methods in one string"),
    pytest.param({"methods": ["TRACE"]}, "forbidden-method", id="methods with TRACE"),
    pytest.param({"allow_headers": "X-A, X-B"}, "not-a-token", id="allow_headers in one string"),
    pytest.param({"expose_headers": "X-A, X-B"}, "not-a-token", id="expose_headers in one string"),
    pytest.param(
        {"expose_headers": "*", "origins": ORIGIN, "supports_credentials": True},
        "wildcard-with-credentials",
        id="expose_headers with credentials",
    ),
    pytest.param(
        {"supports_credentials": "true", "origins": ORIGIN}, "wrong-type", id="supports_credentials a string"
    ),
    pytest.param(
        {"supports_credentials": 1, "origins": ORIGIN}, "wrong-type", id="supports_credentials a number"
    ),
    pytest.param(
        {"supports_credentials": True, "origins": "http://example.com"},
        "insecure-origin-with-credentials",
        id="http with credentials",
    ),
    pytest.param(
        {"supports_credentials": True, "origins": "https://*.github.io"},
        "public-suffix-with-credentials",
        id="a public suffix with credentials",
    ),
    pytest.param(
        {"supports_credentials": True, "origins": "null"}, "null-with-credentials", id="null with credentials"
    ),
    pytest.param(
        {"supports_credentials": True, "origins": "*"},
        "wildcard-with-credentials",
        id="everyone with credentials",
    ),
    pytest.param(
        {"supports_credentials": True, "origins": re.compile(".*")},
        "wildcard-with-credentials",
        id="an expression for everyone with credentials",
    ),
    pytest.param({"dangerously_allow": ["null"]}, "unknown-danger", id="an unknown danger"),
    pytest.param({"allow_private_network": "yes"}, "wrong-type", id="allow_private_network a string"),
    pytest.param({"allow_origin_func": 5}, "wrong-type", id="allow_origin_func a number"),
]


@pytest.mark.parametrize(("options", "code"), WRONG)
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
    if None in options.values():
        return
    [of_config] = problems_of({f"CORS_{name.upper()}": value for name, value in options.items()})
    assert (of_config.code, of_config.option) == (code, f"CORS_{of_keyword.option.upper()}")
    assert f"{of_keyword.option}=" not in of_config.hint


_ASSIGNMENT = re.compile(r'(\w+)=(\[[^]]*\]|r?"[^"]*"|\w+)')
_TEXT = re.compile(r'(?:Write|such as|dot:) (\[[^]]*\]|r?"[^"]*")')


def _func(_request: object) -> bool:
    return True


def as_hinted(options: dict[str, Any], problem: Problem) -> list[dict[str, Any]]:
    """The options, once for each way in which the hint says to change them."""
    changes = [dict(_ASSIGNMENT.findall(alternative)) for alternative in problem.hint.split(", or ")]
    changes += [{problem.option: text} for text in _TEXT.findall(problem.hint)]
    changed = [
        {**options, **{name: eval(text, {"func": _func}) for name, text in change.items()}}  # noqa: S307
        for change in changes
        if change
    ]
    if problem.hint.startswith("Leave it out"):
        changed.append({name: value for name, value in options.items() if name != problem.option})
        if problem.option == "origins":
            changed[-1]["origins"] = [ORIGIN]  # for "it" is one entry of several
    if problem.hint.startswith("Name your domain"):
        changed = [{**each, "origins": re.compile(each["origins"])} for each in changed]
    return changed


@pytest.mark.parametrize(("options", "code"), WRONG)
def test_what_a_hint_says_to_write_is_accepted(options: dict[str, Any], code: str) -> None:
    [problem] = problems_of(**options)
    if code == "unknown-danger":
        assert (
            problem.hint
            == "The names are insecure-origins, null-origin, public-suffix-subdomains, unproven-regex."
        )
        return
    changed = as_hinted(options, problem)
    assert changed
    for each in changed:
        site(**each)


def test_expose_headers_may_be_none_as_in_flask_cors() -> None:
    assert ask(site(expose_headers=None)).cors() == {"access-control-allow-origin": "*"}


def test_every_problem_is_told_at_once() -> None:
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


def test_every_problem_of_every_resource_is_told_at_once() -> None:
    problems = problems_of(
        resources={"/a": {"origins": f"{ORIGIN}/"}, "b": {"max_age": -1}, "/c": 5, re.compile("/d"): {"x": 1}}
    )
    assert [(problem.option, problem.code) for problem in problems] == [
        ("resources['/a'] origins", "origin-trailing-slash"),
        ("resources['b'] max_age", "negative-max-age"),
        ("resources['/c'] options", "wrong-type"),
        ("resources[re.compile('/d')] x", "unknown-option"),
        ("resources", "path-relative"),
    ]


def test_credentials_of_the_configuration_are_refused_for_everyone_whom_a_resource_lets_in() -> None:
    [problem] = problems_of({"CORS_SUPPORTS_CREDENTIALS": True}, resources={"/*": {"origins": "*"}})
    assert (problem.code, problem.option) == ("wildcard-with-credentials", "resources['/*'] origins")


@pytest.mark.parametrize("headers", ["X-.*", ["X-Token", "X-*"], ("Content-*",)], ids=repr)
def test_expressions_are_no_header_names(headers: Any) -> None:
    [problem] = problems_of(allow_headers=headers)
    assert (problem.code, problem.option) == ("header-regex", "allow_headers")
    assert problem.message.endswith("is a regular expression, but names are compared as they are.")
    assert problem.hint == 'List the names, or write "*".'


# resources.


@pytest.mark.parametrize(
    ("resources", "code", "hint"),
    [
        pytest.param("api", "path-relative", 'Write "/api".', id="no slash"),
        pytest.param("", "path-relative", 'Write "/".', id="empty"),
        pytest.param("/api/*/x", "path-wildcard", 'Write "/api/*".', id="an asterisk in the middle"),
        pytest.param("/api?x", "path-query", 'Write "/api".', id="a query"),
        pytest.param("/a/<int:x>", "path-parameter", 'Write "/a/*".', id="a parameter"),
        pytest.param("/%61", "path-encoded", 'Write "/a".', id="percent-encoded"),
        pytest.param("/a/../b", "path-ambiguous", 'Write "/b".', id="dot segments"),
        pytest.param(
            "^/api/",
            "path-regex",
            'Write a path such as "/api/*", or re.compile(r"^/api/"), which has to match the whole path.',
            id="expression",
        ),
        pytest.param(
            r"/v\d/.*",
            "path-regex",
            r'Write a path such as "/api/*", or re.compile(r"/v\d/.*"), which has to match the whole path.',
            id="an expression that ends in any text",
        ),
        pytest.param(5, "wrong-type", 'Write a path such as "/api/*".', id="a number"),
        pytest.param(b"/api", "wrong-type", 'Write a path such as "/api/*".', id="bytes"),
    ],
)
def test_a_faulty_path_is_refused_with_what_to_write(resources: Any, code: str, hint: str) -> None:
    forms: list[Any] = [resources, [resources], {resources: {}}]
    for form in forms:
        [problem] = problems_of(resources=form)
        assert (problem.code, problem.option, problem.hint) == (code, "resources", hint)
    for written in re.findall(r'"([^"]*)"', hint.partition(", or ")[0]):
        site(resources=re.compile(written) if code == "path-regex" else written)


@pytest.mark.parametrize("resources", [[["/api"]], [{"/api": {}}], [{"/api"}]], ids=repr)
def test_a_list_within_a_list_of_resources_is_refused(resources: Any) -> None:
    [problem] = problems_of(resources=resources)
    assert (problem.code, problem.option) == ("wrong-type", "resources")


@pytest.mark.parametrize(
    ("first", "second"), [("*", "/*"), ("*", ".*"), ("/api/*", "/api/.*"), (".*", "/.*")]
)
def test_two_keys_that_mean_the_same_are_refused(first: str, second: str) -> None:
    [problem] = problems_of(resources={first: {}, second: {"origins": ORIGIN}})
    assert (problem.code, problem.option, problem.value) == ("given-twice", "resources", second)
    assert problem.message == f"'{second}' means the same as another key."


@pytest.mark.parametrize("own", [5, [], "*", True, CORSPolicy], ids=repr)
def test_a_resource_takes_options_a_policy_or_none(own: Any) -> None:
    [problem] = problems_of(resources={"/api/*": own})
    assert (problem.code, problem.option) == ("wrong-type", "resources['/api/*'] options")
    assert problem.message.startswith("takes a dict of options, a CORSPolicy or None, not ")
    assert problem.hint == 'Write {"origins": [...]}.'


# policy=.


@pytest.mark.parametrize("policy", ["*", None, 5, CORSPolicy, {"origins": "*"}], ids=repr)
def test_policy_takes_a_policy(policy: Any) -> None:
    [problem] = problems_of(policy=policy)
    assert (problem.code, problem.option) == ("wrong-type", "policy")
    assert problem.message.startswith("takes a CORSPolicy")
    assert "policy=CORSPolicy(...)" in problem.hint


@pytest.mark.parametrize(
    "policy",
    [CORSPolicy(allow_origins="*"), Resources({"/*": CORSPolicy(allow_origins="*")})],
    ids=["one", "many"],
)
def test_a_policy_and_options_are_refused_together(policy: Any) -> None:
    [problem] = problems_of(policy=policy, origins=ORIGIN, max_age=1)
    assert (problem.code, problem.option) == ("policy-and-options", "policy")
    assert problem.message == "is given together with origins, max_age."


def test_a_policy_beside_an_unknown_option_is_refused() -> None:
    [problem] = problems_of(policy=CORSPolicy(allow_origins=ORIGIN), orgins=ORIGIN)
    assert (problem.code, problem.option) == ("unknown-option", "orgins")


def test_resources_and_resources_are_refused_together() -> None:
    [problem] = problems_of(policy=Resources({}), resources="/api/*")
    assert problem.message == "is given together with resources."


def test_a_policy_for_some_paths() -> None:
    app = site(policy=CORSPolicy(allow_origins=ORIGIN), resources="/api/*")
    assert not is_allowed(app, ORIGIN)
    assert (
        ask_wsgi(app, "GET", "/api/x", [("Origin", ORIGIN)]).cors()["access-control-allow-origin"] == ORIGIN
    )


def test_a_policy_in_a_constructor_and_options_in_init_app_are_refused() -> None:
    cors = CORS(policy=CORSPolicy(allow_origins=ORIGIN))
    with pytest.raises(PolicyError, match="is given together with origins"):
        cors.init_app(Flask(__name__), origins=ORIGIN)


def test_a_policy_in_the_configuration_is_named_as_it_is_there() -> None:
    [problem] = problems_of({"CORS_POLICY": "*"})
    assert problem.option == "CORS_POLICY"


def test_an_async_function_is_refused_in_every_place() -> None:
    async def func(_request: object) -> bool:
        return True

    places: list[dict[str, Any]] = [
        {"allow_origin_func": func},
        {"policy": CORSPolicy(allow_origin_func=func)},
        {"policy": Resources({"/*": CORSPolicy(allow_origin_func=func)})},
        {"resources": {"/*": {"allow_origin_func": func}}},
        {"resources": {"/*": CORSPolicy(allow_origin_func=func)}},
    ]
    for options in places:
        problems = problems_of(**options)
        assert [problem.code for problem in problems] == ["async-origin-func"]


def test_the_old_name_for_headers_is_to_be_left_out() -> None:
    [problem] = problems_of({"CORS_HEADERS": "Content-Type"})
    assert problem.hint.startswith("Leave it out: Flask-CORS ignores it")
    [keyword] = problems_of(headers="Content-Type")
    assert keyword.hint == "Write allow_headers=..."


# Credentials from further out.

PARTNER = "https://partner.example.org"


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        pytest.param(PARTNER, {PARTNER: False}, id="others, as a string"),
        pytest.param([PARTNER], {PARTNER: False}, id="others, as a list"),
        pytest.param([PARTNER, ORIGIN], {PARTNER: False, ORIGIN: True}, id="one of them, and others"),
        pytest.param("*", {PARTNER: False, ORIGIN: True}, id="everyone"),
    ],
)
@pytest.mark.parametrize("given", [[ORIGIN], ORIGIN], ids=["a list", "a string"])
def test_an_inherited_list_of_origins_with_credentials_allows_nobody_that_is_not_listed(
    origins: Any, allowed: dict[str, bool], given: Any
) -> None:
    app = site({"CORS_SUPPORTS_CREDENTIALS": given}, origins=origins)
    found = {origin: ask(app, origin).cors() for origin in (ORIGIN, PARTNER)}
    assert {
        origin: "access-control-allow-credentials" in fields
        for origin, fields in found.items()
        if "access-control-allow-origin" in fields
    } == allowed


def test_credentials_for_all_are_inherited() -> None:
    app = site({"CORS_SUPPORTS_CREDENTIALS": True}, origins=ORIGIN)
    assert ask(app).cors()["access-control-allow-credentials"] == "true"


def test_credentials_beside_origins_are_not_narrowed() -> None:
    app = site({"CORS_SUPPORTS_CREDENTIALS": True}, origins=PARTNER, supports_credentials=[ORIGIN])
    assert ask(app).cors()["access-control-allow-credentials"] == "true"
    assert "access-control-allow-credentials" not in ask(app, PARTNER).cors()


def test_that_everyone_is_allowed_unless_origins_are_given_is_said() -> None:
    [problem] = problems_of(supports_credentials=True)
    assert problem.message.startswith('they are "*" unless given, and browsers refuse "*"')
    [written] = problems_of(origins="*", supports_credentials=True)
    assert written.message.startswith('browsers refuse "*"')


def test_every_view_with_a_wrong_policy_is_named() -> None:
    app = Flask(__name__)
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    for name in ("first", "second"):
        view: Any = lambda: "Hello"  # noqa: E731
        view.__qualname__ = name
        app.add_url_rule(f"/{name}", name, cross_origin()(view))
    with pytest.raises(PolicyError) as refused:
        CORS(app, origins=ORIGIN)
    assert [problem.option for problem in refused.value.problems] == [
        "cross_origin of 'first' origins",
        "cross_origin of 'second' origins",
    ]
