"""CORS done by hand around a WSGI application: once correctly, and then with one mistake at a time.

The mistakes are those that servers and libraries have made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .suite import EXPOSED, HEADERS, MAX_AGE, METHODS, Application, Origins

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Fields = list[tuple[str, str]]

ORIGIN, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
ALLOW_METHODS, ALLOW_HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
EXPOSE, AGE = "Access-Control-Expose-Headers", "Access-Control-Max-Age"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
_LABELS = "[a-z0-9-]+([.][a-z0-9-]+)*"


def is_named(origins: Origins, origin: str) -> bool:
    """Whether the policy names the origin."""
    return origin in _listed(origins) or re.fullmatch(expression(origins.pattern), origin) is not None


def _listed(origins: Origins) -> tuple[str, ...]:
    return origins.allowed, origins.another


def expression(entry: str) -> str:
    """An entry of the policy as a regular expression."""
    return re.escape(entry).replace(r"\*", _LABELS)


def is_preflight(environ: WSGIEnvironment) -> bool:
    asks = "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    return asks and environ["REQUEST_METHOD"] == "OPTIONS"


@dataclass(frozen=True)
class Written:
    """A response as the correct server writes it."""

    environ: WSGIEnvironment
    status: int
    fields: Fields
    own: Fields
    """What the application had written."""

    def get(self, name: str) -> str:
        return dict(self.fields).get(name, "")


Change = Callable[[Written], Fields]


def unchanged(written: Written) -> Fields:
    return written.fields


def nothing(server: WSGIApplication) -> WSGIApplication:
    return server


@dataclass(frozen=True)
class ByHand:
    """A server with the suite's policy; what is given makes it another one than the correct one."""

    allows: Callable[[Origins, str], bool] = is_named
    is_preflight: Callable[[WSGIEnvironment], bool] = is_preflight
    preflight_status: str = "204 No Content"
    preflight: Change = unchanged
    actual: Change = unchanged
    every: Change = unchanged
    in_front: Callable[[WSGIApplication], WSGIApplication] = nothing
    handles_errors: bool = True

    def app(self, origins: Origins) -> WSGIApplication:
        application = Application(handles_errors=self.handles_errors)

        def server(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            origin: str | None = environ.get("HTTP_ORIGIN")
            is_allowed = origin is not None and self.allows(origins, origin)
            fields = [(ORIGIN, origin or ""), (CREDENTIALS, "true")] if is_allowed else []

            def written(change: Change, status: str, fields: Fields, own: Fields) -> Fields:
                code = int(status[:3])
                changed = change(Written(environ, code, fields, own))
                return self.every(Written(environ, code, changed, own))

            if self.is_preflight(environ):
                lists = [
                    (ALLOW_METHODS, ", ".join(METHODS)),
                    (ALLOW_HEADERS, ", ".join(HEADERS)),
                    (AGE, str(MAX_AGE)),
                ]
                fields += [*(lists if is_allowed else []), ("Vary", PREFLIGHT_VARY)]
                start_response(
                    self.preflight_status, written(self.preflight, self.preflight_status, fields, [])
                )
                return []

            def start(status: str, own: Fields, exc_info: Any = None, /) -> Any:
                kept = [
                    each for each in own if not each[0].startswith("Access-Control-") and each[0] != "Vary"
                ]
                exposed = [(EXPOSE, ", ".join(EXPOSED))] if is_allowed else []
                vary = [value for name, value in own if name == "Vary"]
                merged = ("Vary", "*" if "*" in vary else ", ".join([*vary, "Origin"]))
                all_fields = [*kept, *fields, *exposed, merged]
                return start_response(status, written(self.actual, status, all_fields, own), exc_info)

            return application(environ, start)

        return self.in_front(server)


@dataclass(frozen=True)
class Broken:
    """A server with one mistake, and the case that finds it."""

    name: str
    found_by: str
    server: ByHand


# Changes to what is written.


def without(*names: str) -> Change:
    return lambda written: [each for each in written.fields if each[0] not in names]


def put(name: str, value: str | Callable[[str], str]) -> Change:
    """Another value for a field, where the field is."""

    def new(old: str) -> str:
        return value(old) if callable(value) else value

    return lambda written: [(each, new(old) if each == name else old) for each, old in written.fields]


def add(name: str, value: str) -> Change:
    return lambda written: [*written.fields, (name, value)]


def twice(name: str) -> Change:
    return lambda written: [*written.fields, (name, written.get(name))]


def where(condition: Callable[[Written], object], *changes: Change) -> Change:
    """All the changes, for some responses."""

    def change(written: Written) -> Fields:
        if condition(written):
            for each in changes:
                written = replace(written, fields=each(written))
        return written.fields

    return change


def is_allowed(written: Written) -> bool:
    return bool(written.get(ORIGIN))


def is_refused(written: Written) -> bool:
    return not is_allowed(written)


def status(*codes: int) -> Callable[[Written], bool]:
    return lambda written: written.status in codes


def method(written: Written) -> str:
    return str(written.environ["REQUEST_METHOD"])


def asked_for(written: Written) -> tuple[str, list[str]]:
    """The method and the headers that a preflight asks for."""
    names = written.environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    return written.environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"], names.split(",") if names else []


def headers(choose: Callable[[list[str]], list[str]]) -> Change:
    """The headers that are allowed are chosen from those that are asked for."""
    return lambda written: put(ALLOW_HEADERS, ", ".join(choose(asked_for(written)[1])))(written)


def asked_method(written: Written) -> Fields:
    return put(ALLOW_METHODS, asked_for(written)[0])(written)


def own_origin(written: Written) -> Fields:
    return [each for each in written.own if each[0] == ORIGIN]


def first_ever() -> Change:
    """State that all responses of a server share: the fields of the first page that is allowed."""
    kept: dict[str, Fields] = {}

    def change(written: Written) -> Fields:
        host = written.environ["HTTP_HOST"]
        if is_allowed(written):
            kept.setdefault(host, [each for each in written.fields if each[0] in {ORIGIN, CREDENTIALS}])
        return [*without(ORIGIN, CREDENTIALS)(written), *kept.get(host, [])]

    return change


# Changes to who is allowed.


def also(allows: Callable[[str, str], bool]) -> ByHand:
    """Those that are named, and whoever compares so with an origin that is listed."""
    return ByHand(
        lambda origins, origin: (
            is_named(origins, origin) or any(allows(origin, each) for each in _listed(origins))
        )
    )


def also_covered(allows: Callable[[str, str], bool]) -> ByHand:
    """The same with what follows the star of the pattern: a dot and a domain."""
    return ByHand(
        lambda origins, origin: is_named(origins, origin) or allows(origin, origins.pattern.partition("*")[2])
    )


def matching(make: Callable[[str], str], match: Callable[[str, str], object] = re.fullmatch) -> ByHand:
    """Those that an expression matches, which is made of each entry."""
    return ByHand(
        lambda origins, origin: any(
            match(make(each), origin) for each in (*_listed(origins), origins.pattern)
        )
    )


def host(origin: str) -> str:
    return re.sub(r":[0-9]+$", "", origin.partition("://")[2])


def domain(origin: str) -> str:
    return host(origin).partition(".")[2]


# What answers in the place of the server.


def in_front(condition: Callable[[WSGIEnvironment], bool], status: str, *fields: tuple[str, str]) -> ByHand:
    def layer(server: WSGIApplication) -> WSGIApplication:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            if not condition(environ):
                return server(environ, start_response)
            start_response(status, list(fields))
            return []

        return answer

    return ByHand(in_front=layer)


def is_options(environ: WSGIEnvironment) -> bool:
    return bool(environ["REQUEST_METHOD"] == "OPTIONS")


def at(path: str) -> Callable[[WSGIEnvironment], bool]:
    return lambda environ: environ["PATH_INFO"] == path


def options_at(path: str) -> Callable[[WSGIEnvironment], bool]:
    return lambda environ: is_options(environ) and environ["PATH_INFO"] == path


def has_no_login(environ: WSGIEnvironment) -> bool:
    return environ["PATH_INFO"] == "/private" and "HTTP_AUTHORIZATION" not in environ


def is_from_own_page(environ: WSGIEnvironment) -> bool:
    return bool(environ.get("HTTP_ORIGIN") == f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}")


CORRECT = ByHand()
MOVED = ("308 Permanent Redirect", ("Location", "/plain"))

# What is wrong with a server, and how it comes about, by the case of the suite that finds it.
MISTAKES: dict[str, dict[str, ByHand]] = {
    "a listed page reads": {
        "the origin stands twice": ByHand(every=where(is_allowed, twice(ORIGIN))),
        "all origins are listed": ByHand(every=put(ORIGIN, "{}, https://other.example".format)),
        "the origin has a slash": ByHand(every=put(ORIGIN, "{}/".format)),
        "nothing but on preflights": ByHand(actual=without(ORIGIN)),
    },
    "the other listed page reads": {
        "the origin is the first of the list": ByHand(
            every=put(ORIGIN, lambda origin: origin.replace("admin", "app"))
        )
    },
    "a covered page reads": {"the pattern is one text among others": matching(re.escape)},
    "a page that is covered by two labels reads": {
        "the pattern covers one label": matching(lambda entry: re.escape(entry).replace(r"\*", "[a-z0-9-]+"))
    },
    "a listed page reads with cookies": {
        "a star with credentials": ByHand(every=put(ORIGIN, "*")),
        "a star as long as no cookie has come": ByHand(
            every=where(lambda written: "HTTP_COOKIE" not in written.environ, put(ORIGIN, "*"))
        ),
        "no credentials": ByHand(every=without(CREDENTIALS)),
        "credentials on preflights alone": ByHand(actual=without(CREDENTIALS)),
        "credentials are True": ByHand(every=put(CREDENTIALS, "True")),
        "credentials stand twice": ByHand(every=where(is_allowed, twice(CREDENTIALS))),
    },
    "pages of all origins in turn read": {
        "the first page's fields are kept for all": ByHand(every=first_ever())
    },
    "cookies are set and sent": {
        "cookies are dropped": ByHand(actual=without("Set-Cookie")),
        "one cookie is left": ByHand(actual=lambda written: list(dict(written.fields).items())),
    },
    "an exposed header is read": {"nothing is exposed": ByHand(actual=without(EXPOSE))},
    "an exposed header is read with cookies": {
        "everything is exposed by a star": ByHand(actual=put(EXPOSE, "*"))
    },
    "HEAD is read": {"nothing on HEAD": ByHand(actual=where(lambda w: method(w) == "HEAD", without(ORIGIN)))},
    "a form is sent without a preflight": {
        "nothing on methods that need no preflight": ByHand(
            actual=where(lambda written: method(written) not in METHODS, without(ORIGIN))
        )
    },
    "an unmodified response is read": {
        "nothing but on 200": ByHand(actual=where(lambda written: written.status != 200, without(ORIGIN)))
    },
    "a request that lacks a login reads its 401": {
        "logins are checked in front": in_front(has_no_login, "401 Unauthorized")
    },
    "a missing page reads its 404": {
        "nothing on errors": ByHand(actual=where(lambda written: written.status >= 400, without(ORIGIN)))
    },
    "an error reads its 500": {"nothing on 500": ByHand(actual=where(status(500), without(ORIGIN)))},
    "an exception reads its 500": {"exceptions are handled in front": ByHand(handles_errors=False)},
    "a redirect is followed": {
        "nothing on redirects": ByHand(actual=where(status(308), without(ORIGIN))),
        "redirects are made in front": in_front(at("/moved"), *MOVED),
    },
    "a redirect is followed after a preflight": {
        "preflights are redirected": in_front(options_at("/moved"), *MOVED)
    },
    "a preflight to nowhere lets the 404 be read": {
        "preflights to nowhere find nothing": in_front(options_at("/missing"), "404 Not Found")
    },
    "a stranger reads nothing": {"any origin is reflected": ByHand(allows=lambda *_: True)},
    "a page without an origin reads nothing": {
        "null is allowed": ByHand(
            allows=lambda origins, origin: is_named(origins, origin) or origin == "null"
        ),
        "refusals are said with null": ByHand(
            every=where(is_refused, add(ORIGIN, "null"), add(CREDENTIALS, "true"))
        ),
    },
    "a listed host with something before it reads nothing": {
        "hosts are compared by how they end": also(
            lambda origin, listed: origin.endswith(listed.partition("://")[2])
        )
    },
    "a subdomain of a listed host reads nothing": {
        "subdomains of listed hosts are allowed": also(lambda origin, listed: domain(origin) == host(listed))
    },
    "the parent domain of a listed host reads nothing": {
        "sites are compared": also(lambda origin, listed: host(origin) == domain(listed))
    },
    "a listed host with another port reads nothing": {
        "ports are ignored": also(lambda origin, listed: host(origin) == host(listed))
    },
    "the bare domain of the pattern reads nothing": {
        "the pattern covers the bare domain": also_covered(
            lambda origin, ending: origin.endswith(f"//{ending[1:]}")
        )
    },
    "the domain of the pattern with something before it reads nothing": {
        "the expression has no dot before the domain": also_covered(
            lambda origin, ending: origin.endswith(ending[1:])
        )
    },
    "a covered host with another port reads nothing": {
        "the pattern covers any port": also_covered(
            lambda origin, ending: host(origin).endswith(host(f"://{ending}"))
        )
    },
    "a listed host with the other scheme reads nothing": {
        "schemes are ignored": also(
            lambda origin, listed: origin.partition(":")[2] == listed.partition(":")[2]
        )
    },
    "the first part of a listed origin reads nothing": {
        "origins are looked for in the text of the list": also(lambda origin, listed: origin in listed)
    },
    "a listed origin with something behind it reads nothing": {
        "origins are compared by how they begin": also(str.startswith),
        "the list is looked for in the text of the origin": also(lambda origin, listed: listed in origin),
    },
    "a listed host with another character for a dot reads nothing": {
        "the dots of the list are those of an expression": matching(lambda entry: entry.replace("*", _LABELS))
    },
    "a covered host with the other scheme reads nothing": {
        "the expression has no scheme": matching(lambda entry: re.sub("^https?", "https?", expression(entry)))
    },
    "a covered origin with something behind it reads nothing": {
        "the expression has no end": matching(expression, re.match)
    },
    "a covered host with another character for a dot reads nothing": {
        "the dots of the pattern are those of an expression": matching(
            lambda entry: entry.replace("*", _LABELS) if "*" in entry else expression(entry)
        )
    },
    "PUT arrives, and its preflight does not": {
        "preflights go to the application": ByHand(is_preflight=lambda _: False),
        "preflights have to ask for headers": ByHand(
            is_preflight=lambda environ: (
                is_preflight(environ) and "HTTP_ACCESS_CONTROL_REQUEST_HEADERS" in environ
            )
        ),
    },
    "PUT arrives with cookies": {
        "no credentials on preflights": ByHand(preflight=without(CREDENTIALS)),
        "any method by a star": ByHand(preflight=put(ALLOW_METHODS, "*")),
    },
    "DELETE arrives": {
        "preflights are 302": ByHand(preflight_status="302 Found"),
        "no methods": ByHand(preflight=without(ALLOW_METHODS)),
        "methods in lower case": ByHand(preflight=put(ALLOW_METHODS, str.lower)),
        "methods letter by letter": ByHand(
            preflight=put(ALLOW_METHODS, lambda methods: ", ".join(methods.replace(", ", "")))
        ),
        "methods with blanks between": ByHand(
            preflight=put(ALLOW_METHODS, lambda methods: methods.replace(",", ""))
        ),
    },
    "a token arrives": {
        "no headers": ByHand(preflight=without(ALLOW_HEADERS)),
        "headers with semicolons between": ByHand(
            preflight=put(ALLOW_HEADERS, lambda names: names.replace(",", ";"))
        ),
        "headers are compared as they are written": ByHand(
            preflight=headers(lambda names: [name for name in names if name in HEADERS])
        ),
    },
    "a token arrives with cookies": {"any header by a star": ByHand(preflight=put(ALLOW_HEADERS, "*"))},
    "a bearer arrives": {
        "preflights need a login": in_front(lambda e: is_options(e) and has_no_login(e), "401 Unauthorized"),
        "a star for Authorization": ByHand(preflight=put(ALLOW_HEADERS, "*, X-Token")),
    },
    "several headers arrive at once": {
        "the first header decides": ByHand(preflight=headers(lambda names: names[:1]))
    },
    "PATCH is refused": {
        "preflights for other methods go to the application": ByHand(
            is_preflight=lambda environ: (
                is_preflight(environ) and environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] in METHODS
            )
        ),
        "any method by reflection": ByHand(preflight=asked_method),
    },
    "a header that is not allowed is refused": {
        "any header by reflection": ByHand(preflight=headers(lambda names: names))
    },
    "a preflight is kept for ten minutes": {
        "no age": ByHand(preflight=without(AGE)),
        "an age in words": ByHand(preflight=put(AGE, "10 minutes")),
    },
    "a preflight is kept no longer": {"an age of a day": ByHand(preflight=put(AGE, "86400"))},
    "the server's own page reads everything": {
        "requests without Origin are refused": in_front(
            lambda environ: "HTTP_ORIGIN" not in environ, "403 Forbidden"
        )
    },
    "the server's own page sends forms": {
        "the server's own pages are refused": in_front(is_from_own_page, "403 Forbidden")
    },
    "the server's own page reaches OPTIONS": {
        "every OPTIONS is a preflight": ByHand(is_preflight=is_options)
    },
    "what the application allows itself is replaced": {
        "the application's origin stays beside": ByHand(
            actual=lambda written: [*written.fields, *own_origin(written)]
        ),
        "the application's origin stays instead": ByHand(
            actual=where(own_origin, without(ORIGIN), lambda written: [*written.fields, *own_origin(written)])
        ),
    },
    "what the application allows itself lets no stranger in": {
        "the application's origin stays for strangers": ByHand(
            actual=where(is_refused, lambda written: [*written.fields, *own_origin(written)])
        )
    },
    "a cache is of use": {
        "everything varies by everything": ByHand(every=put("Vary", "*")),
        "nothing may be stored": ByHand(every=add("Cache-Control", "no-store")),
    },
    "a cache serves two pages": {"no Vary": ByHand(every=without("Vary"))},
    "a cache serves a listed page after a stranger": {
        "Vary on what is allowed": ByHand(every=where(is_refused, without("Vary")))
    },
    "a cache serves a listed page after the server's own": {
        "Vary on requests with Origin": ByHand(
            every=where(lambda written: "HTTP_ORIGIN" not in written.environ, without("Vary"))
        )
    },
    "a cache serves the 404 to a listed page after a stranger": {
        "no Vary on errors": ByHand(every=where(status(404), without("Vary")))
    },
    "a cache serves the redirect to a listed page after a stranger": {
        "no Vary on redirects": ByHand(every=where(status(308), without("Vary")))
    },
    "a cache serves each language to whom it belongs": {
        "Vary is replaced": ByHand(actual=put("Vary", "Origin"))
    },
    "a cache leaves alone what varies by everything": {
        "Vary of everything is replaced": ByHand(
            actual=where(lambda written: written.get("Vary") == "*", put("Vary", "Origin"))
        )
    },
    "a cache of preflights serves two pages": {"no Vary on preflights": ByHand(preflight=without("Vary"))},
    "a cache of preflights serves one header after another": {
        "headers are reflected without Vary": ByHand(
            preflight=where(is_allowed, headers(lambda names: names), put("Vary", "Origin"))
        )
    },
    "a cache of preflights serves one method after another": {
        "methods are reflected without Vary": ByHand(
            preflight=where(is_allowed, asked_method, put("Vary", "Origin"))
        )
    },
}

BROKEN = tuple(
    Broken(name, found_by, server)
    for found_by, mistakes in MISTAKES.items()
    for name, server in mistakes.items()
)
