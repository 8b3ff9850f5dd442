"""What the documentation of django-cors-headers promises, held against crosscors.django.

Each test is one promise. Where crosscors keeps it in another way on purpose, the test's name says how.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.test import override_settings

from crosscors.django.checks import check_csrf, check_middleware, check_settings
from crosscors.django.defaults import default_headers, default_methods
from crosscors.django.signals import check_request_enabled
from tests.django.clients import Ask, allowed_origin, get, preflight

if TYPE_CHECKING:
    from collections.abc import Iterable

OURS = "crosscors.django.CORSMiddleware"
EXAMPLES = [
    "https://example.com",
    "https://sub.example.com",
    "http://localhost:8080",
    "http://127.0.0.1:9000",
]
EXAMPLE = EXAMPLES[0]
EVIL = "https://evil.example"


def names(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")}


def refused_settings(**settings: Any) -> str:
    with override_settings(**settings), pytest.raises(ImproperlyConfigured) as caught:
        WSGIHandler()
    return str(caught.value)


# "Setup".


def test_the_app_goes_into_installed_apps_and_the_middleware_into_middleware(ask: Ask) -> None:
    settings: dict[str, Any] = {
        "INSTALLED_APPS": ["crosscors.django"],
        "MIDDLEWARE": [OURS, "django.middleware.common.CommonMiddleware"],
        "CORS_ALLOWED_ORIGINS": EXAMPLES,
    }
    assert allowed_origin(get(ask, origin=EXAMPLE, **settings)) == EXAMPLE


@pytest.mark.parametrize(
    "middleware", ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
)
def test_the_middleware_should_be_placed_before_any_that_can_generate_responses_and_a_check_says_so(
    middleware: str,
) -> None:
    with override_settings(MIDDLEWARE=[middleware, OURS]):
        (message,) = check_middleware()
    assert middleware in message.msg


def test_placed_first_it_adds_headers_to_the_responses_of_common_middleware(ask: Ask) -> None:
    answer = get(ask, "/slash", origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert (answer.status, allowed_origin(answer)) == (301, EXAMPLE)


def test_placed_after_common_middleware_it_cannot_add_headers_to_its_responses(ask: Ask) -> None:
    middleware = ["django.middleware.common.CommonMiddleware", OURS]
    settings: dict[str, Any] = {
        "DISALLOWED_USER_AGENTS": [re.compile("bad")],
        "CORS_ALLOWED_ORIGINS": EXAMPLES,
    }
    answer = ask("GET", "/", ("Origin", EXAMPLE), ("User-Agent", "bad"), MIDDLEWARE=middleware, **settings)
    assert (answer.status, allowed_origin(answer)) == (403, None)


# CORS_ALLOWED_ORIGINS.


@pytest.mark.parametrize("origin", EXAMPLES)
@pytest.mark.parametrize("setting", ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"])
def test_listed_origins_are_allowed_and_echoed_back(ask: Ask, setting: str, origin: str) -> None:
    settings: dict[str, Any] = {setting: EXAMPLES}
    assert allowed_origin(get(ask, origin=origin, **settings)) == origin
    assert allowed_origin(preflight(ask, origin=origin, **settings)) == origin


@pytest.mark.parametrize(
    "origin", [EVIL, "http://example.com", "https://example.com:8443", "http://localhost"]
)
def test_other_origins_are_not_allowed(ask: Ask, origin: str) -> None:
    assert allowed_origin(get(ask, origin=origin, CORS_ALLOWED_ORIGINS=EXAMPLES)) is None


def test_the_default_is_no_origin(ask: Ask) -> None:
    assert allowed_origin(get(ask, origin=EXAMPLE)) is None


def test_the_new_name_takes_precedence_over_the_old_one_and_a_check_says_so(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [EXAMPLE], "CORS_ORIGIN_WHITELIST": [EVIL]}
    assert allowed_origin(get(ask, origin=EXAMPLE, **settings)) == EXAMPLE
    assert allowed_origin(get(ask, origin=EVIL, **settings)) is None
    with override_settings(**settings):
        (message,) = check_settings()
    assert "CORS_ORIGIN_WHITELIST: is not read" in message.msg


def test_null_may_be_listed(ask: Ask) -> None:
    assert allowed_origin(get(ask, origin="null", CORS_ALLOWED_ORIGINS=["null"])) == "null"


def test_null_with_credentials_has_to_be_accepted_as_a_danger(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": ["null"], "CORS_ALLOW_CREDENTIALS": True}
    assert 'CORS_DANGEROUSLY_ALLOW = ["null-origin"]' in refused_settings(**settings)
    answer = get(ask, origin="null", CORS_DANGEROUSLY_ALLOW=["null-origin"], **settings)
    assert answer.values("access-control-allow-credentials") == ["true"]


def test_file_may_be_listed_and_needs_an_opt_in_for_credentials(ask: Ask) -> None:
    assert allowed_origin(get(ask, origin="file://", CORS_ALLOWED_ORIGINS=["file://"])) == "file://"
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": ["file://"], "CORS_ALLOW_CREDENTIALS": True}
    assert 'CORS_DANGEROUSLY_ALLOW = ["null-origin"]' in refused_settings(**settings)


def test_default_ports_are_refused_for_browsers_leave_them_out() -> None:
    assert 'Write "https://example.com".' in refused_settings(
        CORS_ALLOWED_ORIGINS=["https://example.com:443"]
    )
    assert 'Write "http://example.com".' in refused_settings(CORS_ALLOWED_ORIGINS=["http://example.com:80"])


@pytest.mark.parametrize(
    "entry",
    ["example.com", "https://", "https://example.com/", "https://example.com/path", "https://example.com?q"],
)
def test_entries_that_the_checks_call_wrong_do_not_start_at_all(entry: str) -> None:
    assert "CORS_ALLOWED_ORIGINS" in refused_settings(CORS_ALLOWED_ORIGINS=[entry])


def test_one_string_is_one_origin_instead_of_a_list_of_letters(ask: Ask) -> None:
    assert allowed_origin(get(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLE)) == EXAMPLE


# CORS_ALLOWED_ORIGIN_REGEXES.


@pytest.mark.parametrize("setting", ["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"])
@pytest.mark.parametrize(
    "expressions",
    [
        [r"^https://\w+\.example\.com$"],
        (r"^https://\w+\.example\.com$",),
        [re.compile(r"^https://\w+\.example\.com$")],
        [r"^https://other\.example$", re.compile(r"^HTTPS://\w+\.EXAMPLE\.COM$", re.IGNORECASE)],
    ],
)
def test_origins_that_match_an_expression_are_allowed(ask: Ask, setting: str, expressions: Any) -> None:
    origin = "https://sub.example.com"
    assert allowed_origin(get(ask, origin=origin, **{setting: expressions})) == origin
    assert allowed_origin(get(ask, origin="https://a.b.example.com", **{setting: expressions})) is None


def test_expressions_have_to_match_the_whole_origin_instead_of_its_beginning(ask: Ask) -> None:
    expressions = [r"https://\w+\.example\.com"]
    origin = "https://sub.example.com.evil.io"
    assert allowed_origin(get(ask, origin=origin, CORS_ALLOWED_ORIGIN_REGEXES=expressions)) is None


def test_the_default_is_no_expression_and_lists_and_expressions_add_up(ask: Ask) -> None:
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": [EXAMPLE],
        "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.example\.com"],
    }
    for origin in (EXAMPLE, "https://sub.example.com"):
        assert allowed_origin(get(ask, origin=origin, **settings)) == origin


# CORS_ALLOW_ALL_ORIGINS.


@pytest.mark.parametrize("setting", ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"])
def test_all_origins_are_allowed_with_an_asterisk(ask: Ask, setting: str) -> None:
    settings: dict[str, Any] = {setting: True}
    for origin in (EXAMPLE, EVIL, "null"):
        assert allowed_origin(get(ask, origin=origin, **settings)) == "*"
        assert allowed_origin(preflight(ask, origin=origin, **settings)) == "*"


def test_settings_that_restrict_origins_are_ignored_then_and_a_check_says_so(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": [EXAMPLE]}
    assert allowed_origin(get(ask, origin=EVIL, **settings)) == "*"
    with override_settings(**settings):
        (message,) = check_settings()
    assert "CORS_ALLOWED_ORIGINS: 'https://example.com' is already covered" in message.msg


def test_the_default_is_false(ask: Ask) -> None:
    assert allowed_origin(get(ask, origin=EVIL, CORS_ALLOW_ALL_ORIGINS=False)) is None


def test_all_origins_with_credentials_are_refused_instead_of_echoing_every_site() -> None:
    text = refused_settings(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True)
    assert 'CORS_ALLOW_CREDENTIALS = ["https://app.example.com"]' in text


def test_all_origins_are_answered_without_vary_for_one_copy_serves_all(ask: Ask) -> None:
    for origin in (EXAMPLE, None):
        answer = get(ask, origin=origin, CORS_ALLOW_ALL_ORIGINS=True)
        assert answer.cors() == {"access-control-allow-origin": "*"}


# CORS_URLS_REGEX.


@pytest.mark.parametrize("expression", [r"^/api/.*$", re.compile(r"^/api/.*$"), r"^/api/"])
def test_headers_are_sent_for_urls_that_match(ask: Ask, expression: Any) -> None:
    settings: dict[str, Any] = {"CORS_URLS_REGEX": expression, "CORS_ALLOWED_ORIGINS": EXAMPLES}
    assert allowed_origin(get(ask, "/api/x", origin=EXAMPLE, **settings)) == EXAMPLE
    assert get(ask, "/other/x", origin=EXAMPLE, **settings).cors() == {}
    assert preflight(ask, "/other/x", origin=EXAMPLE, **settings).body == b"OPTIONS"


@pytest.mark.parametrize("settings", [{}, {"CORS_URLS_REGEX": r"^.*$"}])
def test_the_default_is_all_urls(ask: Ask, settings: dict[str, Any]) -> None:
    for path in ("/", "/api/x", "/no/such/path"):
        assert (
            allowed_origin(get(ask, path, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES, **settings))
            == EXAMPLE
        )


def test_with_an_expression_a_path_is_covered_if_all_its_readings_are(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_URLS_REGEX": r"^/api/", "CORS_ALLOWED_ORIGINS": EXAMPLES}
    for path in ("/api//x", "/api/./x", "/api/https://doi.org/10.1000/182", "/api/C:\\data\\a.csv"):
        assert allowed_origin(get(ask, path, origin=EXAMPLE, **settings)) == EXAMPLE
    for path in ("/api/../other/x", "//api/x", "/other/..//api/x", "/api", "/api\\x"):
        assert get(ask, path, origin=EXAMPLE, **settings).cors() == {}


# CORS_ALLOW_METHODS.


def test_the_default_methods_are_those_of_the_documentation(ask: Ask) -> None:
    answer = preflight(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES)
    documented = {"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"}
    assert set(default_methods) == documented
    assert set(answer.values("access-control-allow-methods")[0].split(", ")) == documented
    for method in documented:
        assert preflight(ask, origin=EXAMPLE, method=method, CORS_ALLOWED_ORIGINS=EXAMPLES).status == 200


def test_the_default_methods_can_be_extended(ask: Ask) -> None:
    settings: dict[str, Any] = {
        "CORS_ALLOW_METHODS": (*default_methods, "POKE"),
        "CORS_ALLOWED_ORIGINS": EXAMPLES,
    }
    answer = preflight(ask, origin=EXAMPLE, method="POKE", **settings)
    assert answer.status == 200
    assert "POKE" in answer.values("access-control-allow-methods")[0]


def test_a_method_that_is_not_allowed_is_refused_with_400_instead_of_left_to_the_browser(ask: Ask) -> None:
    answer = preflight(ask, origin=EXAMPLE, method="POKE", CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert (answer.status, allowed_origin(answer)) == (400, EXAMPLE)
    assert b"the method 'POKE' is not allowed" in answer.body


def test_only_preflights_carry_the_lists_instead_of_every_answer_to_options(ask: Ask) -> None:
    answer = get(ask, "/options", origin=EXAMPLE, method="OPTIONS", CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert answer.cors() == {"access-control-allow-origin": EXAMPLE, "vary": "Origin"}


# CORS_ALLOW_HEADERS.


def allows_headers(ask: Ask, headers: Iterable[str], **settings: Any) -> bool:
    settings = {"CORS_ALLOWED_ORIGINS": EXAMPLES, **settings}
    return preflight(ask, origin=EXAMPLE, headers=", ".join(headers), **settings).status == 200


def test_the_default_headers_of_the_documentation_are_allowed(ask: Ask) -> None:
    documented = ["accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with"]
    assert allows_headers(ask, documented)
    answer = preflight(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert names(answer.values("access-control-allow-headers")[0]) >= set(documented)
    assert not allows_headers(ask, ["my-custom-header"])


def test_the_default_headers_can_be_extended(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOW_HEADERS": (*default_headers, "my-custom-header")}
    assert allows_headers(ask, ["My-Custom-Header", "authorization"], **settings)
    with override_settings(**settings):
        assert check_settings() == []


def test_safelisted_headers_are_allowed_even_where_the_list_leaves_them_out(ask: Ask) -> None:
    assert allows_headers(ask, ["accept", "content-type"], CORS_ALLOW_HEADERS=["x-mine"])


# CORS_EXPOSE_HEADERS.


def test_exposed_headers_are_declared(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_EXPOSE_HEADERS": ["accept", "x-mine"], "CORS_ALLOWED_ORIGINS": EXAMPLES}
    answer = get(ask, origin=EXAMPLE, **settings)
    assert answer.values("access-control-expose-headers") == ["accept, x-mine"]


def test_the_default_is_to_expose_none(ask: Ask) -> None:
    assert not get(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES).values("access-control-expose-headers")


def test_exposed_headers_are_not_sent_with_preflights_where_they_mean_nothing(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_EXPOSE_HEADERS": ["x-mine"], "CORS_ALLOWED_ORIGINS": EXAMPLES}
    assert not preflight(ask, origin=EXAMPLE, **settings).values("access-control-expose-headers")


# CORS_PREFLIGHT_MAX_AGE.


@pytest.mark.parametrize(
    ("settings", "sent"),
    [({}, ["86400"]), ({"CORS_PREFLIGHT_MAX_AGE": 600}, ["600"]), ({"CORS_PREFLIGHT_MAX_AGE": None}, [])],
)
def test_browsers_may_cache_preflights_for_that_long_a_day_by_default(
    ask: Ask, settings: dict[str, Any], sent: list[str]
) -> None:
    answer = preflight(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES, **settings)
    assert answer.values("access-control-max-age") == sent


def test_zero_is_sent_for_it_means_not_at_all_and_none_omits_the_field(ask: Ask) -> None:
    answer = preflight(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES, CORS_PREFLIGHT_MAX_AGE=0)
    assert answer.values("access-control-max-age") == ["0"]


# CORS_ALLOW_CREDENTIALS.


def test_credentials_are_allowed_in_preflight_and_normal_responses(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, "CORS_ALLOWED_ORIGINS": EXAMPLES}
    for answer in (get(ask, origin=EXAMPLE, **settings), preflight(ask, origin=EXAMPLE, **settings)):
        assert answer.values("access-control-allow-credentials") == ["true"]


def test_the_default_is_no_credentials(ask: Ask) -> None:
    answer = get(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert not answer.values("access-control-allow-credentials")


def test_origins_that_are_refused_get_no_word_of_credentials(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, "CORS_ALLOWED_ORIGINS": EXAMPLES}
    assert get(ask, origin=EVIL, **settings).cors() == {"vary": "Origin"}


def test_plain_http_with_credentials_has_to_be_accepted_as_a_danger_unless_it_is_local(ask: Ask) -> None:
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": ["http://example.com"],
        "CORS_ALLOW_CREDENTIALS": True,
    }
    assert 'CORS_DANGEROUSLY_ALLOW = ["insecure-origins"]' in refused_settings(**settings)
    answer = get(ask, origin="http://example.com", CORS_DANGEROUSLY_ALLOW=["insecure-origins"], **settings)
    assert answer.values("access-control-allow-credentials") == ["true"]


# CORS_ALLOW_PRIVATE_NETWORK.


@pytest.mark.parametrize(
    ("setting", "asked", "answered"),
    [(True, "true", ["true"]), (True, "false", []), (False, "true", []), (True, None, [])],
)
def test_private_network_is_answered_where_it_is_asked_for_and_allowed(
    ask: Ask, setting: bool, asked: str | None, answered: list[str]
) -> None:
    fields = [("Origin", EXAMPLE), ("Access-Control-Request-Method", "GET")]
    if asked is not None:
        fields.append(("Access-Control-Request-Private-Network", asked))
    answer = ask("OPTIONS", "/", *fields, CORS_ALLOWED_ORIGINS=EXAMPLES, CORS_ALLOW_PRIVATE_NETWORK=setting)
    assert answer.values("access-control-allow-private-network") == answered


# "CSRF Integration".


def test_cors_and_csrf_are_separate_and_a_check_says_which_origins_csrf_does_not_trust(ask: Ask) -> None:
    read_only, read_and_write = "https://read-only.example.com", "https://read-and-write.example.com"
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": [read_only, read_and_write],
        "CORS_ALLOW_CREDENTIALS": True,
        "CSRF_TRUSTED_ORIGINS": [read_and_write],
        "MIDDLEWARE": [OURS, "django.middleware.csrf.CsrfViewMiddleware"],
    }
    answers = {
        origin: get(ask, origin=origin, method="POST", **settings) for origin in (read_only, read_and_write)
    }
    assert [answer.status for answer in answers.values()] == [403, 403]
    assert (
        b"does not match any trusted origins"
        in get(ask, origin=read_only, method="POST", DEBUG=True, **settings).body
    )
    assert (
        b"CSRF cookie not set" in get(ask, origin=read_and_write, method="POST", DEBUG=True, **settings).body
    )
    assert [allowed_origin(answer) for answer in answers.values()] == [read_only, read_and_write]
    with override_settings(**settings):
        (message,) = check_csrf()
    assert f"lacks '{read_only}':" in message.msg


# "Signals".


def test_a_handler_may_read_the_origins_from_a_model(ask: Ask) -> None:
    hosts = {EXAMPLE}

    def cors_allow_mysites(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        return request.headers["origin"] in hosts

    check_request_enabled.connect(cors_allow_mysites)
    assert allowed_origin(get(ask, origin=EXAMPLE)) == EXAMPLE
    assert allowed_origin(preflight(ask, origin=EXAMPLE)) == EXAMPLE
    assert allowed_origin(get(ask, origin=EVIL)) is None


def test_a_handler_may_open_a_subset_of_the_urls_to_everyone(ask: Ask) -> None:
    def cors_allow_api_to_everyone(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        return request.path.startswith("/api/")

    check_request_enabled.connect(cors_allow_api_to_everyone)
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [EXAMPLE]}
    assert allowed_origin(get(ask, "/api/x", origin=EVIL, **settings)) == EVIL
    assert allowed_origin(get(ask, "/other/x", origin=EVIL, **settings)) is None
    assert allowed_origin(get(ask, "/other/x", origin=EXAMPLE, **settings)) == EXAMPLE


def test_a_handler_allows_a_url_that_cors_urls_regex_leaves_out(ask: Ask) -> None:
    def handler(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        return True

    check_request_enabled.connect(handler)
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [EXAMPLE], "CORS_URLS_REGEX": "^/api/"}
    assert allowed_origin(get(ask, "/other/x", origin=EVIL, **settings)) == EVIL


def test_the_signal_is_sent_once_and_only_for_origins_that_nothing_else_allows(ask: Ask) -> None:
    requests: list[HttpRequest] = []

    def handler(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        requests.append(request)
        return False

    check_request_enabled.connect(handler)
    get(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES)
    get(ask, origin=None, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert requests == []
    get(ask, origin=EVIL, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert len(requests) == 1


# What it does without a promise, and users rely on.


def test_every_response_varies_by_origin_where_the_answer_depends_on_it(ask: Ask) -> None:
    for origin in (EXAMPLE, EVIL, None):
        assert get(ask, origin=origin, CORS_ALLOWED_ORIGINS=EXAMPLES).values("vary") == ["Origin"]


def test_preflights_vary_by_what_else_they_ask_too(ask: Ask) -> None:
    answer = preflight(ask, origin=EXAMPLE, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert answer.values("vary") == ["Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]


def test_a_preflight_of_a_refused_origin_is_answered_with_400_instead_of_200(ask: Ask) -> None:
    answer = preflight(ask, origin=EVIL, CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert (answer.status, allowed_origin(answer)) == (400, None)


def test_options_without_origin_is_no_preflight_and_reaches_the_view(ask: Ask) -> None:
    answer = ask("OPTIONS", "/", ("Access-Control-Request-Method", "GET"), CORS_ALLOWED_ORIGINS=EXAMPLES)
    assert answer.body == b"OPTIONS"


def test_a_malformed_origin_is_no_error(ask: Ask) -> None:
    for origin in ("https://example.com].evil.com", "https://", "", "http://[::1", "null\t"):
        answer = get(ask, origin=origin, CORS_ALLOWED_ORIGINS=EXAMPLES)
        assert (answer.status, allowed_origin(answer)) == (200, None)
