"""What a response carries: the fields for an allowed origin, a refused one, and none.

All that depends on the options alone is worked out once. Section names in the comments are those
of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

from collections.abc import Iterable

from crosscors.core import fields
from crosscors.core.admission import Admission
from crosscors.core.decision import Decision, Kind, like, prepared
from crosscors.core.options import Options
from crosscors.core.origins import ANY
from crosscors.core.refusal import MAX_VALUES, Refusal
from crosscors.core.varying import names_read_by

_Fields = tuple[tuple[str, str], ...]


class Answers:
    """The decisions of a policy, once it is known whether the origin is allowed."""

    def __init__(self, options: Options) -> None:
        methods = _expanded_methods(options.allow_methods)
        header_names = _with_always_allowed(options.allow_headers)

        # "CORS protocol and HTTP caches": "*" is for everyone alike, with and without an Origin.
        self.is_public = ANY in options.allow_origins and options.allow_credentials is False
        self._allows_any_header = ANY in options.allow_headers
        self._allows_private_network = options.allow_private_network
        # A GET endpoint answers HEAD, in every framework and to every browser.
        self._methods = frozenset((*methods, "HEAD") if "GET" in methods else methods)
        # With what an empty element reads as (RFC 9110, section 5.6.1.2), which is not refused either.
        self._header_names = frozenset(("", *(name.lower() for name in header_names)))
        self._listed_methods = methods
        self._listed_headers = options.allow_headers

        exposed = _field(fields.EXPOSE_HEADERS, options.expose_headers)
        allowed_methods = _field(fields.ALLOW_METHODS, methods)
        credentials = ((fields.ALLOW_CREDENTIALS, "true"),)
        self._actual_fields = {False: exposed, True: credentials + exposed}
        self._preflight_fields = {False: allowed_methods, True: credentials + allowed_methods}
        self._allow_headers = _field(fields.ALLOW_HEADERS, header_names)
        self._max_age = () if options.max_age is None else ((fields.MAX_AGE, str(options.max_age)),)

        # "CORS protocol and HTTP caches": Vary goes on every answer that another Origin would have
        # changed, and on no other. Preflights vary on what else they were asked, too, for everyone: some
        # caches store them, and what one request may send must not be the answer to another.
        # With "*" among the origins the function is not asked, so what it would read changes nothing.
        read = () if ANY in options.allow_origins else names_read_by(options.allow_origin_func)
        vary = () if self.is_public else fields.unique(("Origin", *read))
        network = (fields.REQUEST_PRIVATE_NETWORK,) if options.allow_private_network else ()
        asked = fields.unique((*vary, fields.REQUEST_METHOD, fields.REQUEST_HEADERS, *network))

        everyone = self._allow_origin(ANY) + exposed if self.is_public else ()
        self.no_origin = Decision(Kind.NOT_CORS, True, everyone, vary)
        self.public = Decision(Kind.ACTUAL, True, everyone, vary, matched=ANY)
        # All others are like these.
        self._allowed = Decision(Kind.ACTUAL, True, (), vary)
        self._allowed_preflight = Decision(Kind.PREFLIGHT, True, (), asked, 200)
        self._refused_preflight = Decision(Kind.PREFLIGHT, False, (), asked, 400)
        # What a refused origin gets differs in the reason alone.
        self._refused_origin = prepared(Decision(Kind.ACTUAL, False, (), vary))
        self._refused_origin_preflight = prepared(Decision(Kind.PREFLIGHT, False, (), asked, 400))

    def actual(self, origin: str, admission: Admission | Refusal) -> Decision:
        """The decision on an actual request; methods and headers were the preflight's business."""
        if isinstance(admission, Refusal):
            return like(self._refused_origin, refusals=(admission,))
        headers = self._allow_origin(origin) + self._actual_fields[admission.credentials]
        return like(self._allowed, headers=headers, matched=admission.entry)

    def preflight(
        self,
        admission: Admission | Refusal,
        origin: str,
        method: str,
        names: str,
        private_network: bool,
        debug: bool,
    ) -> Decision:
        """The decision on a preflight for this method and this list of header names, if ``within_bounds``."""
        if isinstance(admission, Refusal):
            return like(self._refused_origin_preflight, refusals=(admission,))
        method_refusal = self._method_refusal(method)
        asked = fields.distinct_names(names) if self._allows_any_header else ()
        headers_refusal = self._headers_refusal(names, asked)
        headers = self._allow_origin(origin) + self._preflight_fields[admission.credentials]
        if headers_refusal is None or headers_refusal.code == "headers-not-allowed":
            headers += self._allow_headers_for(asked, admission.credentials)
        if method_refusal is None and headers_refusal is None:
            headers += self._max_age
            if self._allows_private_network and private_network:
                headers += ((fields.ALLOW_PRIVATE_NETWORK, "true"),)
            return like(self._allowed_preflight, headers=headers, matched=admission.entry)
        # The lists of what is allowed go with the refusal, so that the browser names the right field.
        refusals = tuple(refusal for refusal in (method_refusal, headers_refusal) if refusal is not None)
        # "CORS-preflight fetch": a safelisted method passes whatever the list says, so with status 200 a
        # browser would allow what the policy refuses.
        status = 200 if debug and (headers_refusal or method not in fields.SAFELISTED_METHODS) else 400
        return like(
            self._refused_preflight,
            headers=headers,
            status=status,
            refusals=refusals,
            matched=admission.entry,
        )

    def _allow_origin(self, origin: str) -> _Fields:
        # "CORS check": the field is "*" or, byte for byte, the one origin that asked.
        return ((fields.ALLOW_ORIGIN, ANY if self.is_public else origin),)

    def _allow_headers_for(self, asked: tuple[str, ...], credentials: bool) -> _Fields:
        if not (self._allows_any_header and credentials):
            return self._allow_headers
        # "CORS-preflight fetch": "*" is no wildcard with credentials, so the names are repeated.
        return _field(fields.ALLOW_HEADERS, asked)

    def _method_refusal(self, method: str) -> Refusal | None:
        if method in self._methods:
            return None
        return Refusal("method-not-allowed", (method,), self._listed_methods)

    def _headers_refusal(self, names: str, asked: tuple[str, ...]) -> Refusal | None:
        if names == fields.TOO_MANY_NAMES:
            return Refusal("headers-too-long", ())
        if self._allows_any_header:
            return None if fields.are_tokens(asked) else Refusal("headers-malformed", (names,))
        refused = fields.names_not_in(self._header_names, names, MAX_VALUES)
        return Refusal("headers-not-allowed", refused, self._listed_headers) if refused else None


def _field(name: str, values: Iterable[str]) -> _Fields:
    """The field with these values as its list; none if there are no values."""
    value = ", ".join(values)
    return ((name, value),) if value else ()


def _expanded_methods(methods: tuple[str, ...]) -> tuple[str, ...]:
    """The methods with ``"*"`` spelled out: a wildcard in the field would not do with credentials."""
    if ANY not in methods:
        return methods
    return tuple(dict.fromkeys((*fields.ALL_METHODS, *(method for method in methods if method != ANY))))


def _with_always_allowed(names: tuple[str, ...]) -> tuple[str, ...]:
    if ANY in names:
        # "CORS non-wildcard request-header name": the wildcard does not cover Authorization.
        return (ANY, "Authorization")
    by_name = {name.lower(): name for name in fields.ALWAYS_ALLOWED_HEADERS}
    return tuple((by_name | {name.lower(): name for name in names if name.lower() not in by_name}).values())
