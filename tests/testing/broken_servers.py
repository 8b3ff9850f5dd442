"""CORS done by hand around a WSGI application: once correctly, and then with one mistake at a time.

The mistakes are those that servers and libraries have made. Each is named after what is wrong, and has the
case of the suite that finds it.
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

Allows = Callable[[Origins, str], bool]


def also(allows: Callable[[str, str], bool]) -> Allows:
    """Those that are named, and whoever compares so with an origin that is listed."""
    return lambda origins, origin: (
        is_named(origins, origin) or any(allows(origin, each) for each in _listed(origins))
    )


def also_covered(allows: Callable[[str, str], bool]) -> Allows:
    """The same with what follows the star of the pattern: a dot and a domain."""
    return lambda origins, origin: (
        is_named(origins, origin) or allows(origin, origins.pattern.partition("*")[2])
    )


def matching(make: Callable[[str], str], match: Callable[[str, str], object] = re.fullmatch) -> Allows:
    """Those that an expression matches, which is made of each entry."""
    return lambda origins, origin: any(
        match(make(each), origin) for each in (*_listed(origins), origins.pattern)
    )


def host(origin: str) -> str:
    return re.sub(r":[0-9]+$", "", origin.partition("://")[2])


def domain(origin: str) -> str:
    return host(origin).partition(".")[2]


# What answers in the place of the server.


def in_front(
    condition: Callable[[WSGIEnvironment], bool], status: str, *fields: tuple[str, str]
) -> Callable[[WSGIApplication], WSGIApplication]:
    def layer(server: WSGIApplication) -> WSGIApplication:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            if not condition(environ):
                return server(environ, start_response)
            start_response(status, list(fields))
            return []

        return answer

    return layer


def is_options(environ: WSGIEnvironment) -> bool:
    return bool(environ["REQUEST_METHOD"] == "OPTIONS")


def at(path: str) -> Callable[[WSGIEnvironment], bool]:
    return lambda environ: environ["PATH_INFO"] == path


def has_no_login(environ: WSGIEnvironment) -> bool:
    return environ["PATH_INFO"] == "/private" and "HTTP_AUTHORIZATION" not in environ


def is_from_own_page(environ: WSGIEnvironment) -> bool:
    return bool(environ.get("HTTP_ORIGIN") == f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}")


CORRECT = ByHand()

BROKEN = (
    # Who is allowed.
    Broken("any origin is reflected", "a stranger reads nothing", ByHand(allows=lambda *_: True)),
    Broken(
        "null is allowed",
        "a page without an origin reads nothing",
        ByHand(allows=lambda origins, origin: is_named(origins, origin) or origin == "null"),
    ),
    Broken(
        "origins are compared by how they begin",
        "a listed origin with something behind it reads nothing",
        ByHand(allows=also(str.startswith)),
    ),
    Broken(
        "origins are looked for in the text of the list",
        "the first part of a listed origin reads nothing",
        ByHand(allows=also(lambda origin, listed: origin in listed)),
    ),
    Broken(
        "the list is looked for in the text of the origin",
        "a listed origin with something behind it reads nothing",
        ByHand(allows=also(lambda origin, listed: listed in origin)),
    ),
    Broken(
        "hosts are compared by how they end",
        "a listed host with something before it reads nothing",
        ByHand(allows=also(lambda origin, listed: origin.endswith(listed.partition("://")[2]))),
    ),
    Broken(
        "subdomains of listed hosts are allowed",
        "a subdomain of a listed host reads nothing",
        ByHand(allows=also(lambda origin, listed: domain(origin) == host(listed))),
    ),
    Broken(
        "sites are compared",
        "the parent domain of a listed host reads nothing",
        ByHand(allows=also(lambda origin, listed: host(origin) == domain(listed))),
    ),
    Broken(
        "schemes are ignored",
        "a listed host with the other scheme reads nothing",
        ByHand(allows=also(lambda origin, listed: origin.partition(":")[2] == listed.partition(":")[2])),
    ),
    Broken(
        "ports are ignored",
        "a listed host with another port reads nothing",
        ByHand(allows=also(lambda origin, listed: host(origin) == host(listed))),
    ),
    Broken(
        "the expression has no end",
        "a covered origin with something behind it reads nothing",
        ByHand(allows=matching(expression, re.match)),
    ),
    Broken(
        "the dots of the list are those of an expression",
        "a listed host with another character for a dot reads nothing",
        ByHand(allows=matching(lambda entry: entry.replace("*", _LABELS))),
    ),
    Broken(
        "the dots of the pattern are those of an expression",
        "a covered host with another character for a dot reads nothing",
        ByHand(
            allows=matching(lambda entry: entry.replace("*", _LABELS) if "*" in entry else expression(entry))
        ),
    ),
    Broken(
        "the expression has no scheme",
        "a covered host with the other scheme reads nothing",
        ByHand(allows=matching(lambda entry: re.sub("^https?", "https?", expression(entry)))),
    ),
    Broken(
        "the expression has no dot before the domain",
        "the domain of the pattern with something before it reads nothing",
        ByHand(allows=also_covered(lambda origin, ending: origin.endswith(ending[1:]))),
    ),
    Broken(
        "the pattern covers the bare domain",
        "the bare domain of the pattern reads nothing",
        ByHand(allows=also_covered(lambda origin, ending: origin.endswith(f"//{ending[1:]}"))),
    ),
    Broken(
        "the pattern covers any port",
        "a covered host with another port reads nothing",
        ByHand(allows=also_covered(lambda origin, ending: host(origin).endswith(host(f"://{ending}")))),
    ),
    Broken(
        "the pattern covers one label",
        "a page that is covered by two labels reads",
        ByHand(allows=matching(lambda entry: re.escape(entry).replace(r"\*", "[a-z0-9-]+"))),
    ),
    Broken(
        "the pattern is one text among others", "a covered page reads", ByHand(allows=matching(re.escape))
    ),
    # Access-Control-Allow-Origin and -Credentials.
    Broken("a star with credentials", "a listed page reads with cookies", ByHand(every=put(ORIGIN, "*"))),
    Broken(
        "a star as long as no cookie has come",
        "a listed page reads with cookies",
        ByHand(every=where(lambda written: "HTTP_COOKIE" not in written.environ, put(ORIGIN, "*"))),
    ),
    Broken("the origin stands twice", "a listed page reads", ByHand(every=where(is_allowed, twice(ORIGIN)))),
    Broken(
        "all origins are listed",
        "a listed page reads",
        ByHand(every=put(ORIGIN, "{}, https://other.example".format)),
    ),
    Broken("the origin has a slash", "a listed page reads", ByHand(every=put(ORIGIN, "{}/".format))),
    Broken("the origin is in upper case", "a listed page reads", ByHand(every=put(ORIGIN, str.upper))),
    Broken("the origin has no scheme", "a listed page reads", ByHand(every=put(ORIGIN, host))),
    Broken(
        "the origin is the first of the list",
        "the other listed page reads",
        ByHand(every=put(ORIGIN, lambda origin: origin.replace("admin", "app"))),
    ),
    Broken(
        "refusals are said with null",
        "a page without an origin reads nothing",
        ByHand(every=where(is_refused, add(ORIGIN, "null"), add(CREDENTIALS, "true"))),
    ),
    Broken(
        "the first page's fields are kept for all",
        "pages of all origins in turn read",
        ByHand(every=first_ever()),
    ),
    Broken("no credentials", "a listed page reads with cookies", ByHand(every=without(CREDENTIALS))),
    Broken(
        "no credentials on preflights", "PUT arrives with cookies", ByHand(preflight=without(CREDENTIALS))
    ),
    Broken(
        "credentials on preflights alone",
        "a listed page reads with cookies",
        ByHand(actual=without(CREDENTIALS)),
    ),
    Broken(
        "credentials are True", "a listed page reads with cookies", ByHand(every=put(CREDENTIALS, "True"))
    ),
    Broken(
        "credentials stand twice",
        "a listed page reads with cookies",
        ByHand(every=where(is_allowed, twice(CREDENTIALS))),
    ),
    # Which responses.
    Broken(
        "nothing on errors",
        "a missing page reads its 404",
        ByHand(actual=where(lambda written: written.status >= 400, without(ORIGIN))),
    ),
    Broken("nothing on 500", "an error reads its 500", ByHand(actual=where(status(500), without(ORIGIN)))),
    Broken(
        "nothing on redirects", "a redirect is followed", ByHand(actual=where(status(308), without(ORIGIN)))
    ),
    Broken(
        "nothing but on 200",
        "an unmodified response is read",
        ByHand(actual=where(lambda written: written.status != 200, without(ORIGIN))),
    ),
    Broken(
        "nothing on HEAD",
        "HEAD is read",
        ByHand(actual=where(lambda w: method(w) == "HEAD", without(ORIGIN))),
    ),
    Broken(
        "nothing on methods that need no preflight",
        "a form is sent without a preflight",
        ByHand(actual=where(lambda written: method(written) not in METHODS, without(ORIGIN))),
    ),
    Broken("nothing but on preflights", "a listed page reads", ByHand(actual=without(ORIGIN))),
    Broken("exceptions are handled in front", "an exception reads its 500", ByHand(handles_errors=False)),
    Broken(
        "logins are checked in front",
        "a request that lacks a login reads its 401",
        ByHand(in_front=in_front(has_no_login, "401 Unauthorized")),
    ),
    Broken(
        "redirects are made in front",
        "a redirect is followed",
        ByHand(in_front=in_front(at("/moved"), "308 Permanent Redirect", ("Location", "/plain"))),
    ),
    Broken(
        "the server's own pages are refused",
        "the server's own page sends forms",
        ByHand(in_front=in_front(is_from_own_page, "403 Forbidden")),
    ),
    Broken(
        "requests without Origin are refused",
        "the server's own page reads everything",
        ByHand(in_front=in_front(lambda environ: "HTTP_ORIGIN" not in environ, "403 Forbidden")),
    ),
    # Preflights.
    Broken(
        "preflights go to the application",
        "PUT arrives, and its preflight does not",
        ByHand(is_preflight=lambda _: False),
    ),
    Broken(
        "preflights for other methods go to the application",
        "PATCH is refused",
        ByHand(
            is_preflight=lambda environ: (
                is_preflight(environ) and environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] in METHODS
            )
        ),
    ),
    Broken(
        "preflights have to ask for headers",
        "PUT arrives, and its preflight does not",
        ByHand(
            is_preflight=lambda environ: (
                is_preflight(environ) and "HTTP_ACCESS_CONTROL_REQUEST_HEADERS" in environ
            )
        ),
    ),
    Broken(
        "every OPTIONS is a preflight",
        "the server's own page reaches OPTIONS",
        ByHand(is_preflight=is_options),
    ),
    Broken(
        "preflights need a login",
        "a bearer arrives",
        ByHand(in_front=in_front(lambda e: is_options(e) and has_no_login(e), "401 Unauthorized")),
    ),
    Broken(
        "preflights are redirected",
        "a redirect is followed after a preflight",
        ByHand(
            in_front=in_front(
                lambda environ: is_options(environ) and at("/moved")(environ),
                "308 Permanent Redirect",
                ("Location", "/plain"),
            )
        ),
    ),
    Broken(
        "preflights to nowhere find nothing",
        "a preflight to nowhere lets the 404 be read",
        ByHand(
            in_front=in_front(
                lambda environ: is_options(environ) and at("/missing")(environ), "404 Not Found"
            )
        ),
    ),
    Broken("preflights are 302", "DELETE arrives", ByHand(preflight_status="302 Found")),
    Broken("preflights are 405", "DELETE arrives", ByHand(preflight_status="405 Method Not Allowed")),
    # Access-Control-Allow-Methods, -Allow-Headers, -Expose-Headers and -Max-Age.
    Broken("no methods", "DELETE arrives", ByHand(preflight=without(ALLOW_METHODS))),
    Broken("methods in lower case", "DELETE arrives", ByHand(preflight=put(ALLOW_METHODS, str.lower))),
    Broken(
        "methods letter by letter",
        "DELETE arrives",
        ByHand(preflight=put(ALLOW_METHODS, lambda methods: ", ".join(methods.replace(", ", "")))),
    ),
    Broken(
        "methods with blanks between",
        "DELETE arrives",
        ByHand(preflight=put(ALLOW_METHODS, lambda methods: methods.replace(",", ""))),
    ),
    Broken("any method by a star", "PUT arrives with cookies", ByHand(preflight=put(ALLOW_METHODS, "*"))),
    Broken("any method by reflection", "PATCH is refused", ByHand(preflight=asked_method)),
    Broken("no headers", "a token arrives", ByHand(preflight=without(ALLOW_HEADERS))),
    Broken(
        "headers with semicolons between",
        "a token arrives",
        ByHand(preflight=put(ALLOW_HEADERS, lambda names: names.replace(",", ";"))),
    ),
    Broken("any header by a star", "a token arrives with cookies", ByHand(preflight=put(ALLOW_HEADERS, "*"))),
    Broken(
        "a star for Authorization", "a bearer arrives", ByHand(preflight=put(ALLOW_HEADERS, "*, X-Token"))
    ),
    Broken(
        "any header by reflection",
        "a header that is not allowed is refused",
        ByHand(preflight=headers(lambda names: names)),
    ),
    Broken(
        "headers are compared as they are written",
        "a token arrives",
        ByHand(preflight=headers(lambda names: [name for name in names if name in HEADERS])),
    ),
    Broken(
        "the first header decides",
        "several headers arrive at once",
        ByHand(preflight=headers(lambda names: names[:1])),
    ),
    Broken("nothing is exposed", "an exposed header is read", ByHand(actual=without(EXPOSE))),
    Broken(
        "everything is exposed by a star",
        "an exposed header is read with cookies",
        ByHand(actual=put(EXPOSE, "*")),
    ),
    Broken("no age", "a preflight is kept for ten minutes", ByHand(preflight=without(AGE))),
    Broken(
        "an age in words", "a preflight is kept for ten minutes", ByHand(preflight=put(AGE, "10 minutes"))
    ),
    Broken("an age of a day", "a preflight is kept no longer", ByHand(preflight=put(AGE, "86400"))),
    # Vary, and caches.
    Broken("no Vary", "a cache serves two pages", ByHand(every=without("Vary"))),
    Broken(
        "Vary on what is allowed",
        "a cache serves a listed page after a stranger",
        ByHand(every=where(is_refused, without("Vary"))),
    ),
    Broken(
        "Vary on requests with Origin",
        "a cache serves a listed page after the server's own",
        ByHand(every=where(lambda written: "HTTP_ORIGIN" not in written.environ, without("Vary"))),
    ),
    Broken(
        "no Vary on errors",
        "a cache serves the 404 to a listed page after a stranger",
        ByHand(every=where(status(404), without("Vary"))),
    ),
    Broken(
        "no Vary on redirects",
        "a cache serves the redirect to a listed page after a stranger",
        ByHand(every=where(status(308), without("Vary"))),
    ),
    Broken(
        "no Vary on preflights",
        "a cache of preflights serves two pages",
        ByHand(preflight=without("Vary")),
    ),
    Broken(
        "headers are reflected without Vary",
        "a cache of preflights serves one header after another",
        ByHand(preflight=where(is_allowed, headers(lambda names: names), put("Vary", "Origin"))),
    ),
    Broken(
        "methods are reflected without Vary",
        "a cache of preflights serves one method after another",
        ByHand(preflight=where(is_allowed, asked_method, put("Vary", "Origin"))),
    ),
    Broken(
        "Vary is replaced",
        "a cache serves each language to whom it belongs",
        ByHand(actual=put("Vary", "Origin")),
    ),
    Broken(
        "Vary of everything is replaced",
        "a cache leaves alone what varies by everything",
        ByHand(actual=where(lambda written: written.get("Vary") == "*", put("Vary", "Origin"))),
    ),
    Broken("everything varies by everything", "a cache is of use", ByHand(every=put("Vary", "*"))),
    Broken("nothing may be stored", "a cache is of use", ByHand(every=add("Cache-Control", "no-store"))),
    # What the application wrote.
    Broken(
        "the application's origin stays beside",
        "what the application allows itself is replaced",
        ByHand(actual=lambda written: [*written.fields, *own_origin(written)]),
    ),
    Broken(
        "the application's origin stays instead",
        "what the application allows itself is replaced",
        ByHand(
            actual=where(own_origin, without(ORIGIN), lambda written: [*written.fields, *own_origin(written)])
        ),
    ),
    Broken(
        "the application's origin stays for strangers",
        "what the application allows itself lets no stranger in",
        ByHand(actual=where(is_refused, lambda written: [*written.fields, *own_origin(written)])),
    ),
    Broken("cookies are dropped", "cookies are set and sent", ByHand(actual=without("Set-Cookie"))),
    Broken(
        "one cookie is left",
        "cookies are set and sent",
        ByHand(actual=lambda written: list(dict(written.fields).items())),
    ),
)
