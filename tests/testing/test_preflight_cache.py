"""The preflight cache: for how long, and for which requests, a preflight is good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from crosscors.testing import BlockedByCORS, ReceivedResponse, SentRequest
from crosscors.testing.engines import EngineName

from .servers import PAGE, answer, browser_of, is_preflight


@dataclass
class Site:
    """A page, a server whose answers can be changed, and a clock that is set by hand."""

    engine: EngineName | None = None
    fields: dict[str, str] = field(default_factory=dict[str, str])
    actual_is_allowed: bool = True
    time: float = 1000.0

    def __post_init__(self) -> None:
        self.fields = {
            "Access-Control-Allow-Methods": "PUT, DELETE",
            "Access-Control-Allow-Headers": "X-A",
            "Access-Control-Max-Age": "60",
            **self.fields,
        }
        self.browser = browser_of(self._answer, engine=self.engine, clock=lambda: self.time)

    def _answer(self, request: SentRequest) -> ReceivedResponse:
        origin = request.header("Origin") or ""
        allowed = ("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")
        if is_preflight(request):
            return answer(*allowed, *self.fields.items(), status=204)
        return answer(*allowed) if self.actual_is_allowed else answer()

    def is_preflighted(self, url: str = "/", method: str = "PUT", *, origin: str = PAGE, **init: Any) -> bool:
        init.setdefault("credentials", "omit")
        response = self.browser.page(origin).fetch(url, method=method, **init)
        return len(response.exchanges) == 2


METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
AGE = "Access-Control-Max-Age"


@pytest.mark.parametrize(
    ("engine", "value", "seconds"),
    [
        (None, "60", 60),
        (None, None, 5),
        (None, "0", 0),
        (None, "1", 1),
        (None, " 7\t", 7),
        (None, "007", 7),
        (None, "-1", 5),
        (None, "+7", 5),
        (None, "7.5", 5),
        (None, "7, 7", 5),
        (None, "", 5),
        (None, "ten", 5),
        (None, "\u0667", 5),
        (None, "²", 5),
        (None, "100000", 100000),
        ("chromium", "-1", 0),
        ("chromium", "-²", 5),
        ("chromium", "-", 5),
        ("chromium", "ten", 5),
        ("chromium", "+60", 60),
        ("chromium", "100000", 7200),
        ("firefox", "100000", 86400),
        ("firefox", "-1", 0),
        ("firefox", "ten", 0),
        ("firefox", "", 5),
        ("webkit", "100000", 600),
        ("webkit", "-1", 0),
        ("webkit", "+60", 60),
    ],
)
def test_how_many_seconds_a_preflight_is_kept(
    engine: EngineName | None, value: str | None, seconds: int
) -> None:
    site = Site(engine)
    del site.fields[AGE]
    if value is not None:
        site.fields[AGE] = value
    assert site.is_preflighted()
    if seconds:
        site.time += seconds - 0.1
        assert not site.is_preflighted()
        site.time += 0.1
    assert site.is_preflighted()


@pytest.mark.parametrize("digits", [20, 5000])
def test_a_max_age_of_any_length_is_a_number(digits: int) -> None:
    site = Site(fields={AGE: "9" * digits})
    assert site.is_preflighted()
    site.time += 10**9
    assert not site.is_preflighted()


def test_a_url_is_one_with_its_query() -> None:
    site = Site()
    assert site.is_preflighted("/items?page=1")
    assert site.is_preflighted("/items?page=2")
    assert site.is_preflighted("/items")
    assert site.is_preflighted("http://api.example.net/items")
    assert not site.is_preflighted("/items?page=1")


def test_an_origin_has_its_own_entries() -> None:
    site = Site()
    assert site.is_preflighted(origin=PAGE)
    assert site.is_preflighted(origin="https://other.example.com")
    assert site.is_preflighted(origin="null")
    assert not site.is_preflighted(origin=PAGE)


def test_what_was_allowed_with_credentials_is_allowed_without() -> None:
    site = Site()
    assert site.is_preflighted(credentials="include")
    assert not site.is_preflighted(credentials="omit")


def test_what_was_allowed_without_credentials_is_not_allowed_with_them() -> None:
    site = Site()
    assert site.is_preflighted(credentials="omit")
    assert site.is_preflighted(credentials="include")
    assert not site.is_preflighted(credentials="include")


def test_all_methods_and_headers_that_were_named_are_kept() -> None:
    site = Site()
    assert site.is_preflighted(method="PUT")
    assert not site.is_preflighted(method="DELETE")
    assert not site.is_preflighted(method="GET", headers={"x-A": "1"})
    site.fields[HEADERS] = "x-b"
    assert site.is_preflighted(method="GET", headers={"X-B": "1"})
    assert not site.is_preflighted(method="PUT", headers={"X-A": "1", "X-B": "1"})


def test_methods_are_kept_in_their_case() -> None:
    site = Site(fields={METHODS: "patch, PATCH"})
    assert site.is_preflighted(method="patch")
    site.fields[METHODS] = "Patch"
    assert not site.is_preflighted(method="PATCH")
    assert site.is_preflighted(method="Patch")


def test_the_wildcards_are_kept_but_not_for_authorization() -> None:
    site = Site(fields={METHODS: "*", HEADERS: "*"})
    assert site.is_preflighted(method="PUT", headers={"X-A": "1"})
    assert not site.is_preflighted(method="QUERY", headers={"X-B": "1"})
    site.fields[HEADERS] = "*, Authorization"
    assert site.is_preflighted(method="GET", headers={"Authorization": "x"})
    assert not site.is_preflighted(method="GET", headers={"authorization": "x"})


@pytest.mark.parametrize(
    ("engine", "authorization_again", "another_name"),
    [("chromium", True, False), ("firefox", False, True), ("webkit", False, False)],
)
def test_what_the_engines_keep_of_a_wildcard(
    engine: EngineName, authorization_again: bool, another_name: bool
) -> None:
    site = Site(engine, {HEADERS: "*", METHODS: "GET"})
    assert site.is_preflighted(method="GET", headers={"Authorization": "x"})
    assert site.is_preflighted(method="GET", headers={"Authorization": "x"}) == authorization_again
    assert site.is_preflighted(method="GET", headers={"X-B": "x"}) == another_name


def test_firefox_keeps_a_method_for_which_the_wildcard_stood() -> None:
    site = Site("firefox", {METHODS: "*, DELETE"})
    assert site.is_preflighted(method="PUT")
    assert not site.is_preflighted(method="PUT")
    assert not site.is_preflighted(method="DELETE")
    assert site.is_preflighted(method="QUERY")


@pytest.mark.parametrize(("engine", "again"), [(None, False), ("firefox", True)])
def test_firefox_keeps_preflights_with_credentials_apart(engine: EngineName | None, again: bool) -> None:
    site = Site(engine)
    assert site.is_preflighted(credentials="include")
    assert site.is_preflighted(credentials="omit") == again


@pytest.mark.parametrize(("engine", "again"), [(None, False), ("chromium", True), ("webkit", True)])
def test_some_engines_keep_the_last_preflight_only(engine: EngineName | None, again: bool) -> None:
    site = Site(engine)
    for method in ("PUT", "DELETE"):
        site.fields[METHODS] = method
        assert site.is_preflighted(method=method)
        assert not site.is_preflighted(method=method)
    site.fields[METHODS] = "PUT"
    assert site.is_preflighted(method="PUT") == again


@pytest.mark.parametrize(("engine", "again"), [(None, False), ("chromium", True)])
def test_chromium_keeps_no_preflight_of_a_page_without_origin(engine: EngineName | None, again: bool) -> None:
    site = Site(engine)
    assert site.is_preflighted(origin="null")
    assert site.is_preflighted(origin="null") == again


def test_a_wildcard_beside_names_is_kept_as_one_even_with_credentials() -> None:
    """So it is written: "method cache entry match" does not ask for credentials."""
    site = Site(fields={METHODS: "PUT, *"})
    assert site.is_preflighted(method="PUT", credentials="include")
    assert not site.is_preflighted(method="QUERY", credentials="include")


def test_a_refused_preflight_is_not_kept() -> None:
    site = Site(fields={HEADERS: ""})
    with pytest.raises(BlockedByCORS):
        site.is_preflighted(method="PUT", headers={"X-A": "1"})
    assert site.is_preflighted(method="PUT")


def test_a_refused_response_drops_the_entries_of_its_url_and_origin() -> None:
    site = Site()
    assert site.is_preflighted("/items", "PUT")
    assert site.is_preflighted("/other", "PUT")
    assert site.is_preflighted("/items", "PUT", origin="https://other.example.com")
    site.actual_is_allowed = False
    with pytest.raises(BlockedByCORS):
        site.is_preflighted("/items", "DELETE")
    site.actual_is_allowed = True
    assert site.is_preflighted("/items", "PUT")
    assert not site.is_preflighted("/other", "PUT")
    assert not site.is_preflighted("/items", "PUT", origin="https://other.example.com")


def test_a_refused_response_to_a_simple_request_drops_nothing() -> None:
    site = Site()
    assert site.is_preflighted()
    site.actual_is_allowed = False
    with pytest.raises(BlockedByCORS):
        site.is_preflighted(method="GET")
    site.actual_is_allowed = True
    assert not site.is_preflighted()


def test_an_upload_with_listeners_is_kept_under_its_method() -> None:
    site = Site()
    del site.fields[METHODS]
    assert site.is_preflighted(method="POST", use_cors_preflight=True)
    assert not site.is_preflighted(method="POST", use_cors_preflight=True)
    assert site.is_preflighted(method="GET", use_cors_preflight=True)


@pytest.mark.parametrize("methods", ["PUT", ""], ids=["another", "none, in an empty field"])
def test_an_upload_with_listeners_is_not_kept_when_other_methods_are_named(methods: str) -> None:
    site = Site(fields={METHODS: methods})
    assert site.is_preflighted(method="POST", use_cors_preflight=True)
    assert site.is_preflighted(method="POST", use_cors_preflight=True)


def test_a_later_preflight_sets_the_age_anew() -> None:
    site = Site()
    assert site.is_preflighted(method="PUT")
    site.fields |= {AGE: "0", HEADERS: "x-b"}
    assert site.is_preflighted(method="PUT", headers={"X-B": "1"})
    assert site.is_preflighted(method="PUT")


@pytest.mark.parametrize(
    ("methods", "first"),
    [("PUT, DELETE", {"method": "DELETE", "credentials": "include"}), ("*", {"method": "QUERY"})],
    ids=["credentialed", "wildcard"],
)
def test_a_later_preflight_sets_the_age_of_every_entry_that_matches(methods: str, first: Any) -> None:
    """ "CORS-preflight fetch", step 7.12: the matching entry's, whichever it is."""
    site = Site(fields={METHODS: methods})
    assert site.is_preflighted(**first)
    site.fields |= {AGE: "0", HEADERS: "x-b", METHODS: "PUT, DELETE"}
    assert site.is_preflighted(method="DELETE", headers={"X-B": "1"})
    assert site.is_preflighted(**{**first, "method": "DELETE"})


def test_the_cache_can_be_cleared() -> None:
    site = Site()
    assert site.is_preflighted()
    site.browser.clear_preflight_cache()
    assert site.is_preflighted()
