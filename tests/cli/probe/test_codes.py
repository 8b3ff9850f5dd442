"""Each code of a probe: a server that has the defect, and one like it that has not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscors.cli.probe.command import judge
from crosscors.cli.probe.target import read_target
from tests.tables import table

from .servers import (
    AGE,
    APP,
    CREDENTIALS,
    HEADERS,
    METHODS,
    ORIGIN,
    OTHER,
    Written,
    answers_of,
    fields,
    server,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def codes(application: WSGIApplication, *origins: str) -> set[str]:
    target = read_target("https://api.example.com/items", origins, ())
    return {each.code for each in judge(target, answers_of(application, target))}


def matching(expression: str) -> Any:
    """Those that the expression matches from their beginning on."""
    return lambda origin: re.match(expression, origin)


def domain(origin: str) -> str:
    return origin.partition("://")[2].partition(":")[0]


HOST = r"https://app\.example\.com"


@table(
    "code, bad, good",
    (
        "the origin is reflected",
        "any-origin-reflected",
        server(lambda _: True),
        server(lambda origin: origin in {APP, OTHER}),
    ),
    (
        "the origin is reflected without credentials",
        "any-origin-reflected",
        server(lambda _: True, credentials=False),
        server(lambda _: True, fields(lambda w: [(ORIGIN, "*")]), credentials=False),
    ),
    (
        "null is in the list",
        "null-origin-trusted",
        server(lambda origin: origin in {APP, "null"}),
        server(lambda origin: origin in {APP, "evil"}),
    ),
    (
        "refusals are said with null",
        "null-origin-trusted",
        server(change=fields(lambda w: w.fields if w.is_allowed else [*w.fields, (ORIGIN, "null")])),
        server(change=fields(lambda w: w.fields if w.is_allowed else [*w.fields, (ORIGIN, "")])),
    ),
    (
        "an expression has no end",
        "origin-prefix-match",
        server(matching(HOST)),
        server(matching(f"{HOST}$")),
    ),
    (
        "an expression has no beginning",
        "origin-suffix-match",
        server(matching(r".*example\.com$")),
        server(matching(r"https://(app\.)?example\.com$")),
    ),
    (
        "the host has no boundary at its beginning",
        "origin-suffix-match",
        server(lambda origin: origin.endswith("app.example.com")),
        server(lambda origin: origin.endswith("//app.example.com")),
    ),
    (
        "the list is looked for in the origin",
        "origin-substring-match",
        server(lambda origin: "app.example.com" in origin),
        server(lambda origin: f".{domain(origin)}".endswith(".example.com")),
    ),
    (
        "the origin is looked for in the list",
        "origin-substring-match",
        server(lambda origin: origin in APP),
        server(lambda origin: origin == APP),
    ),
    (
        "the host is looked for in the list",
        "origin-substring-match",
        server(lambda origin: domain(origin) in "app.example.com"),
        server(lambda origin: domain(origin) == "app.example.com"),
    ),
    (
        "dots are those of an expression",
        "unescaped-dot",
        server(matching("https://app.example.com$")),
        server(matching(f"{HOST}$")),
    ),
    (
        "one dot is that of an expression",
        "unescaped-dot",
        server(matching(r"https://app\.example.com$")),
        server(lambda origin: origin.endswith("example.com")),
    ),
    (
        "a glob is taken for an expression",
        "unescaped-dot",
        server(matching("https://*.example.com$")),
        server(lambda origin: re.fullmatch(r"https://[a-z]+\.example\.com", origin)),
    ),
    (
        "all siblings are let in",
        "any-subdomain",
        server(matching(r"https://[a-z.]+\.example\.com$")),
        server(matching(r"https://(app|www)\.example\.com$")),
    ),
    (
        "all names below the host are let in",
        "any-subdomain",
        server(matching(r"https://([a-z]+\.)?app\.example\.com$")),
        server(matching(r"https://(www\.)?app\.example\.com$")),
    ),
    (
        "the port is ignored",
        "any-port",
        server(matching(rf"{HOST}(:\d+)?$")),
        server(matching(rf"{HOST}(:8080)?$")),
    ),
    (
        "the scheme is ignored",
        "insecure-origin-trusted",
        server(lambda origin: domain(origin) == "app.example.com"),
        server(lambda origin: origin == APP),
    ),
    (
        "an underscore ends the host",
        "special-characters",
        server(matching(rf"{HOST}(?![.])")),
        server(matching(f"{HOST}$")),
    ),
    (
        "a star has credentials",
        "wildcard-with-credentials",
        server(lambda _: True, fields(lambda w: w.put(ORIGIN, "*"))),
        server(lambda _: True, fields(lambda w: w.put(ORIGIN, "*")), credentials=False),
    ),
    (
        "two places write the header",
        "duplicate-header",
        server(change=fields(lambda w: [*w.fields, *w.fields])),
        server(change=fields(lambda w: [*w.fields, ("Vary", "Origin")])),
    ),
    (
        "one header lists all origins",
        "duplicate-header",
        server(change=fields(lambda w: w.put(ORIGIN, f"{APP}, {OTHER}"))),
        server(change=fields(lambda w: w.put(ORIGIN, APP))),
    ),
    (
        "refusals have credentials",
        "credentials-to-refused",
        server(change=fields(lambda w: [*w.without(CREDENTIALS), (CREDENTIALS, "true")])),
        server(),
    ),
    (
        "a preflight is kept for two days",
        "max-age-too-long",
        server(change=fields(lambda w: w.put(AGE, "172800"))),
        server(change=fields(lambda w: w.put(AGE, "86400"))),
    ),
    (
        "a preflight is kept for ever",
        "max-age-too-long",
        server(change=fields(lambda w: w.put(AGE, "9" * 5000))),
        server(change=fields(lambda w: w.put(AGE, "-1"))),
    ),
    (
        "a long age that nobody may use",
        "max-age-too-long",
        server(change=fields(lambda w: w.put(AGE, "172800"))),
        server(
            change=fields(
                lambda w: [*w.without(AGE, ORIGIN), (AGE, "172800")] if w.is_preflight else w.fields
            )
        ),
    ),
    (
        "every other origin gets 403",
        "own-origin-refused",
        server(change=lambda w: (403 if w.origin and not w.is_allowed else w.status, w.fields)),
        server(change=lambda w: (403 if "evil" in str(w.origin) else w.status, w.fields)),
    ),
    (
        "an error that has nothing to do with Origin",
        "own-origin-refused",
        server(change=lambda w: (400 if w.origin and not w.is_allowed else w.status, w.fields)),
        server(change=lambda w: (401, w.fields)),
    ),
    (
        "no Vary at all",
        "vary-missing",
        server(change=fields(lambda w: w.without("Vary"))),
        server(change=fields(lambda w: w.put("Vary", "Accept, ORIGIN"))),
    ),
    (
        "no Vary on refusals",
        "vary-missing",
        server(change=fields(lambda w: w.fields if w.is_allowed else w.without("Vary"))),
        server(change=fields(lambda w: w.put("Vary", "*"))),
    ),
    (
        "no Vary without Origin",
        "vary-missing",
        server(change=fields(lambda w: w.fields if w.origin else w.without("Vary"))),
        server(change=fields(lambda w: w.without("Vary") if w.is_preflight else w.fields)),
    ),
    (
        "no Vary where nothing varies",
        "vary-missing",
        server(change=fields(lambda w: w.without("Vary"))),
        server(change=fields(lambda _: [(ORIGIN, "*")])),
    ),
    (
        "no CORS headers on 404",
        "error-without-headers",
        server(change=fields(lambda w: w.without(ORIGIN) if w.status == 404 else w.fields)),
        server(
            change=fields(lambda w: w.without(ORIGIN) if w.environ["PATH_INFO"].count("/") == 2 else w.fields)
        ),
    ),
    (
        "no CORS headers on 405",
        "error-without-headers",
        server(change=lambda w: (405, w.without(ORIGIN)) if w.method == "HEAD" else (w.status, w.fields)),
        server(change=lambda w: (405, w.fields) if w.method == "HEAD" else (w.status, w.fields)),
    ),
    (
        "no CORS headers on the 405 of a URL for POST",
        "error-without-headers",
        server(change=lambda w: (405, w.without(ORIGIN)) if w.method == "GET" else (w.status, w.fields)),
        server(change=lambda w: (405, w.fields) if w.method == "GET" else (w.status, w.fields)),
    ),
    (
        "preflights are redirected",
        "preflight-redirected",
        server(change=lambda w: (308 if w.is_preflight else w.status, w.fields)),
        server(change=lambda w: (308 if w.is_preflight and not w.is_allowed else w.status, w.fields)),
    ),
    (
        "preflights need a login",
        "preflight-unauthorized",
        server(change=lambda w: (401 if w.is_preflight else w.status, w.fields)),
        server(change=lambda w: (401 if not w.is_preflight else w.status, w.fields)),
    ),
    (
        "preflights are forbidden",
        "preflight-unauthorized",
        server(change=lambda w: (403 if w.is_preflight else w.status, w.fields)),
        server(change=lambda w: (403 if w.is_preflight and not w.is_allowed else w.status, w.fields)),
    ),
    (
        "no route takes OPTIONS",
        "preflight-error",
        server(change=lambda w: (405 if w.is_preflight else w.status, w.fields)),
        server(
            change=lambda w: (405 if w.method == "OPTIONS" and not w.is_preflight else w.status, w.fields)
        ),
    ),
    (
        "preflights of some methods are refused",
        "preflight-error",
        server(change=lambda w: (500 if w.is_preflight else w.status, w.fields)),
        server(
            change=lambda w: (
                400 if w.environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD") in {"GET", "POST"} else w.status,
                w.fields,
            )
        ),
    ),
    (
        "every OPTIONS is a preflight",
        "options-swallowed",
        server(change=fields(lambda w: [*w.fields, (METHODS, "GET")] if w.method == "OPTIONS" else w.fields)),
        server(change=fields(lambda w: [*w.fields, (METHODS, "GET")] if w.is_preflight else w.fields)),
    ),
    (
        "every OPTIONS gets the headers of a preflight",
        "options-swallowed",
        server(change=fields(lambda w: [*w.fields, (HEADERS, "x-a")] if w.method == "OPTIONS" else w.fields)),
        server(change=fields(lambda w: [*w.fields, ("Allow", "GET")])),
    ),
    (
        "the origin is not in the list",
        "origin-refused",
        server(OTHER.__eq__),
        server(),
    ),
    (
        "a URL for POST whose preflights fail",
        "preflight-unauthorized",
        server(change=lambda w: (405 if w.method == "GET" else 403, w.fields)),
        server(change=lambda w: (405, w.fields) if w.method == "GET" else (w.status, w.fields)),
    ),
    (
        "a redirect has no headers",
        "origin-refused",
        server(change=lambda w: (308, [("Location", "/items/")])),
        server(change=lambda w: (308, [*w.fields, ("Location", "/items/")])),
    ),
)
def test_each_code_has_its_defect(code: str, bad: WSGIApplication, good: WSGIApplication) -> None:
    assert code in codes(bad, APP)
    assert code not in codes(good, APP)


def reflecting(written: Written) -> Any:
    """What reflects any origin with credentials."""
    more = [(ORIGIN, written.origin), (CREDENTIALS, "true"), (METHODS, "PUT")] if written.origin else []
    return [("Vary", "Origin"), *more]


DEEP = "https://a.b.example.com"
PAGES = "https://me.github.io"
UK = "https://app.shop.example.co.uk"
ADDRESS = "http://192.168.1.10"
LOCAL = "http://localhost:3000"


# One mistake is one finding: a look-alike that is let in for another reason proves nothing.
@table(
    "origin, bad, found",
    (
        "only the first label is compared",
        APP,
        server(lambda origin: origin.startswith("https://app.")),
        {"origin-prefix-match"},
    ),
    (
        "all names below the domain of a deep host",
        DEEP,
        server(matching(r"https://([a-z]+\.)+example\.com$")),
        {"any-subdomain"},
    ),
    (
        "all names below the parent of a deep host",
        DEEP,
        server(matching(r"https://([a-z]+\.)+b\.example\.com$")),
        {"any-subdomain"},
    ),
    (
        "the first of three dots",
        DEEP,
        server(matching(r"https://a.b\.example\.com$")),
        {"unescaped-dot"},
    ),
    (
        "the beginning of a deep host",
        DEEP,
        server(matching(r"https://[a-z]*a\.b\.example\.com$")),
        {"origin-suffix-match"},
    ),
    (
        "the end of a host below a public suffix",
        PAGES,
        server(matching(r"https://.*github\.io$")),
        {"any-subdomain", "origin-suffix-match"},
    ),
    ("a dot below a public suffix", PAGES, server(matching("https://me.github.io$")), {"unescaped-dot"}),
    (
        "a public suffix of two labels",
        UK,
        server(matching(r"https://([a-z]+\.)+shop\.example\.co\.uk$")),
        {"any-subdomain"},
    ),
    (
        "every site below a public suffix",
        UK,
        server(lambda origin: origin.startswith("https://") and origin.endswith(".co.uk")),
        {"any-subdomain", "origin-suffix-match"},
    ),
    ("the dots of an address", ADDRESS, server(matching("http://192.168.1.10$")), set()),
    ("the port of an address", ADDRESS, server(matching(r"http://192\.168\.1\.10(:\d+)?$")), {"any-port"}),
    ("the end of a port", LOCAL, server(lambda origin: origin.startswith(LOCAL)), {"origin-prefix-match"}),
    (
        "the end of an origin with a port",
        LOCAL,
        server(lambda origin: origin.endswith("localhost:3000")),
        {"any-subdomain", "origin-suffix-match"},
    ),
    (
        "errors are open",
        APP,
        server(change=fields(lambda w: reflecting(w) if w.status == 404 else w.fields)),
        {"any-origin-reflected"},
    ),
    (
        "preflights are open",
        APP,
        server(change=fields(lambda w: reflecting(w) if w.is_preflight else w.fields)),
        {"any-origin-reflected"},
    ),
    (
        "preflights are open, but fail",
        APP,
        server(
            change=lambda w: (
                (204 if w.is_allowed else 403, reflecting(w)) if w.is_preflight else (w.status, w.fields)
            )
        ),
        set(),
    ),
    (
        "preflights are open, but list no method",
        APP,
        server(
            change=fields(
                lambda w: (
                    [each for each in reflecting(w) if each[0] != METHODS] if w.is_preflight else w.fields
                )
            )
        ),
        set(),
    ),
    (
        "zeros before a short time",
        APP,
        server(change=fields(lambda w: w.put(AGE, "0" * 20 + "600"))),
        set(),
    ),
    (
        "Vary in several lines",
        APP,
        server(
            change=fields(lambda w: [*w.without("Vary"), ("vary", "Accept-Encoding"), ("VARY", " oRiGiN ")])
        ),
        set(),
    ),
)
def test_variants(origin: str, bad: WSGIApplication, found: set[str]) -> None:
    assert codes(bad, origin) == found


def test_a_good_server_has_no_findings() -> None:
    assert codes(server(), APP) == set()
    assert codes(server(OTHER.__eq__)) == set()
    assert codes(server(lambda origin: origin in {APP, OTHER}), APP, OTHER) == set()


def test_a_public_server_has_no_findings() -> None:
    assert codes(server(change=fields(lambda _: [(ORIGIN, "*")]))) == set()


def test_a_look_alike_that_is_trusted_is_none() -> None:
    trusted = (APP, "http://app.example.com")
    assert codes(server(trusted.__contains__), *trusted) == set()


def test_metadata_are_sent_where_browsers_send_them() -> None:
    sites: dict[str, str | None] = {}

    def remembered(environ: Any, start_response: Any) -> Any:
        sites[environ.get("HTTP_ORIGIN", "")] = environ.get("HTTP_SEC_FETCH_SITE")
        return server()(environ, start_response)

    for url in ("https://api.example.com/items", "http://api.example.com/items"):
        sites.clear()
        answers_of(remembered, read_target(url, (APP,), ()))
        is_secure = url.startswith("https")
        assert sites[APP] == ("same-site" if is_secure else None)
        assert sites["https://evil.example"] == ("cross-site" if is_secure else None)
        assert sites["null"] == ("cross-site" if is_secure else None)
        assert sites[url.removesuffix("/items")] == ("same-origin" if is_secure else None)
        assert sites[""] is None


def test_the_guide_lists_the_codes_that_are_tried_here() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "probe.md").read_text(encoding="utf-8")
    table_of_codes = guide.partition("## What it finds")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `([a-z-]+)` \|", table_of_codes, re.MULTILINE)
    marks: Any = test_each_code_has_its_defect.pytestmark  # type: ignore[attr-defined]
    assert set(documented) == {row.values[0] for row in marks[0].args[1]}
    assert len(documented) == 22
