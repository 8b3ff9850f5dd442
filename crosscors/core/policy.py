"""CORSPolicy: the options, and the one rule book that turns a request into a decision.

Section names in the comments are those of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, cast

from crosscors.core.admission import Admission, OriginRules
from crosscors.core.answers import Answers
from crosscors.core.decision import CORSRequest, Decision, is_preflight
from crosscors.core.errors import Problem
from crosscors.core.fields import within_bounds
from crosscors.core.memory import Memory
from crosscors.core.options import (
    DEFAULTS,
    OPTION_NAMES,
    Options,
    OriginFunc,
    is_async_callable,
    read_options,
    trusted_sites,
    warn_of,
)
from crosscors.core.origins import ANY, MAX_LENGTH
from crosscors.core.refusal import Refusal

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SHOWN_ENTRIES = 10

# Requests of each kind, and characters of each: enough for what pages usually ask. With keys, and all that is
# written over ASGI and WSGI, they take a megabyte at the most, which is what an attacker can make of them.
_REMEMBERED = 192
_REMEMBERED_LENGTH = 320


class PolicyOptions(TypedDict, total=False):
    """The keywords of CORSPolicy, for adapters that hand them on."""

    allow_origins: str | Iterable[str]
    allow_origin_regex: str | re.Pattern[str] | None
    allow_origin_func: OriginFunc | None
    allow_methods: str | Iterable[str]
    allow_headers: str | Iterable[str]
    allow_credentials: bool | str | Iterable[str]
    expose_headers: str | Iterable[str]
    max_age: int | timedelta | None
    allow_private_network: bool
    dangerously_allow: str | Iterable[str]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class CORSPolicy(Options):
    """Which origins may read which answers, and send what: checked once, then immutable.

    A policy that cannot work or is not safe raises PolicyError with every problem at once. What is
    legal but surely not meant warns with PolicyWarning. Policies compare by their options and are
    hashable; ``replace`` makes a changed copy.

    Args:
        allow_origins: origins as browsers send them (``"https://app.example.com"``), patterns
            (``"https://*.example.com"``: one label or more; ``"http://localhost:*"``: any port, or
            none), ``"null"``, ``"file://"``, or ``"*"`` for every origin. Default: none. Prohibited: paths,
            a slash at the end, upper case, default ports, whatever no browser would send.
        allow_origin_regex: a regular expression that has to match the whole origin. Only well-formed
            origins are tried. With credentials it has to name every site that it lets in: permitted is
            ``https://([a-z0-9-]+\\.)*example\\.(com|org)``, prohibited ``https://app.example\\.com``, where
            the dot lets ``https://appaexample.com`` in. Nested repeats such as ``([a-z]+.?)+`` can take
            seconds for each request. Default: None.
        allow_origin_func: ``func(request: CORSRequest) -> bool``, sync or async, asked about
            well-formed origins that nothing else allows. An exception, or any other answer than True
            and False, means refused, and is logged as an error. What blocks, such as a database look-up,
            belongs into an async function when it is served over ASGI. One that reads other headers than
            Origin names them with ``@varies_on("X-Tenant")``, for caches. Default: None.
            With credentials, it lets in only what is https, loopback or an app.
        allow_methods: methods of preflighted requests. ``"*"`` means DELETE, GET, HEAD, OPTIONS, PATCH,
            POST, PUT and QUERY; GET implies HEAD; names outside these are case-sensitive. Default: GET.
        allow_headers: request headers; ``"*"`` means every header, Authorization included. Accept,
            Accept-Language, Content-Language and Content-Type are always allowed. Default: none.
        allow_credentials: True: every allowed origin may send cookies and other credentials. A list of
            origins and patterns: these are allowed with credentials, the rest of ``allow_origins`` (which
            may then be ``"*"``) without. Prohibited with ``"*"``. Default: False.
        expose_headers: response headers that scripts may read. ``"*"`` means all of them, and is
            prohibited with credentials. Default: none.
        max_age: seconds, or a timedelta, for which a browser may keep the answer to a preflight. 0 means
            not at all; None leaves it to the browser (5 seconds). Default: 600.
        allow_private_network: answer Access-Control-Request-Private-Network, which browsers no longer
            send. Default: False.
        dangerously_allow: what to accept with credentials although it is not safe: ``"insecure-origins"``
            (http and the like), ``"null-origin"`` (also ``file://``), ``"public-suffix-subdomains"`` (such
            as ``https://*.github.io``), ``"unproven-regex"`` (what cannot be proved to name its sites, such
            as look-around). Default: none.

    Attributes:
        is_async: whether ``allow_origin_func`` is async, so that only ``decide_async`` can ask it.

    All options are attributes, too, in their final form: strings as tuples, ``max_age`` in seconds.

    Raises:
        PolicyError: listing every problem of the options.

    Example:
        >>> policy = CORSPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
        >>> policy.decide(CORSRequest("GET", origin="https://app.example.com")).allowed
        True

    Standard: Fetch, "CORS protocol".
    """

    is_async: bool = field(init=False)
    _origin_rules: OriginRules = field(init=False)
    _answers: Answers = field(init=False)
    # What has been decided already, by all that it depends on. To remember it takes 0.1 microseconds of an
    # actual request and 0.5 of a preflight; to decide anew, with the fields that come of it, almost 5.
    _listed: dict[str, Decision] = field(init=False)  # on actual requests from origins that are entries
    _recent: Memory[str, Decision] = field(init=False)  # on those from all others
    _preflights: Memory[tuple[str, str, str, bool, bool], Decision] = field(init=False)

    def __init__(  # noqa: PLR0913  # one keyword for each option
        self,
        *,
        allow_origins: str | Iterable[str] = (),
        allow_origin_regex: str | re.Pattern[str] | None = None,
        allow_origin_func: OriginFunc | None = None,
        allow_methods: str | Iterable[str] = ("GET",),
        allow_headers: str | Iterable[str] = (),
        allow_credentials: bool | str | Iterable[str] = False,
        expose_headers: str | Iterable[str] = (),
        max_age: int | timedelta | None = 600,
        allow_private_network: bool = False,
        dangerously_allow: str | Iterable[str] = (),
        **unknown: NoReturn,  # so that a type checker refuses them, and we can name the nearest option
    ) -> None:
        options, found = read_options(
            {
                "allow_origins": allow_origins,
                "allow_origin_regex": allow_origin_regex,
                "allow_origin_func": allow_origin_func,
                "allow_methods": allow_methods,
                "allow_headers": allow_headers,
                "allow_credentials": allow_credentials,
                "expose_headers": expose_headers,
                "max_age": max_age,
                "allow_private_network": allow_private_network,
                "dangerously_allow": dangerously_allow,
            },
            unknown,
        )
        _adopt(self, options)
        warn_of(found)

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in OPTION_NAMES)
        changed = (f"{name}={_short_repr(value)}" for name, value in values if value != DEFAULTS[name])
        return f"CORSPolicy({', '.join(changed)})"

    @property
    def trusted_sites(self) -> tuple[str, ...]:
        """The sites whose pages may use credentials, apart from what ``allow_origin_func`` lets in.

        Sites are registrable domains and what stands in their place: ``"example.com"``, ``"loopback"``,
        ``"10.*.*.*"``, ``"app://obsidian.md"``, and ``"*.github.io"`` for all names below that. Sorted.

        Raises:
            PolicyError: if the public suffix list cannot be read.

        Example:
            >>> regex = r"https://([a-z]+\\.)?example\\.(com|org)"
            >>> CORSPolicy(allow_origin_regex=regex, allow_credentials=True).trusted_sites
            ('example.com', 'example.org')

        Standard: HTML, "site".
        """
        return trusted_sites(self)

    def replace(self, **changes: Unpack[PolicyOptions]) -> CORSPolicy:
        """A new policy with these options changed and all others the same.

        Raises:
            PolicyError: listing every problem of the new policy.

        Example:
            >>> CORSPolicy(allow_origins=["https://a.example"]).replace(max_age=0)
            CORSPolicy(allow_origins=['https://a.example'], max_age=0)
        """
        options: dict[str, Any] = {**options_of(self), **changes}
        return CORSPolicy(**options)

    def decide(self, request: CORSRequest, *, debug: bool = False) -> Decision:
        """What this policy says of the request, and what the response has to carry.

        Args:
            request: the request's fields; any text in them is fine and never raises.
            debug: answer preflights that a browser will refuse by the lists in the answer with status
                200 instead of 400, because browsers do not look further than a status of 400, and their
                console then cannot name the method or header. Default: False.

        Raises:
            TypeError: if ``allow_origin_func`` is async.

        Example:
            >>> policy = CORSPolicy(allow_origins=["https://app.example.com"])
            >>> policy.decide(CORSRequest("GET", origin="https://evil.example")).refusals[0].message
            "the origin 'https://evil.example' is not allowed"

        Standard: Fetch, "CORS protocol".
        """
        if self.is_async:
            raise TypeError("allow_origin_func is async: write `await policy.decide_async(request)`")
        decision = self.decide_by_fields(*_fields(request), debug)
        return self.decide_by_func(request, debug=debug) if decision is None else decision

    async def decide_async(self, request: CORSRequest, *, debug: bool = False) -> Decision:
        """The same as ``decide``, and awaits ``allow_origin_func`` if it is async."""
        decision = self.decide_by_fields(*_fields(request), debug)
        return await self.decide_by_func_async(request, debug=debug) if decision is None else decision

    def decide_by_origin(self, origin: str | None) -> Decision | None:
        """The decision on an actual request, where Origin settles it: what adapters ask of all but OPTIONS.

        Returns:
            None where it does not: ``allow_origin_func`` has to be asked.
        """
        if origin is None:
            return self._answers.no_origin
        # The length comes first: a look-up costs in proportion to it.
        is_short = len(origin) <= MAX_LENGTH
        remembered = (self._listed.get(origin) or self._recent.get(origin)) if is_short else None
        if remembered is not None:
            return remembered
        if self._answers.is_public:
            return self._answers.public
        admission = self._origin_rules.admit(origin)
        if self._has_to_be_asked(admission):
            return None
        decision = self._answers.actual(origin, admission)
        if decision.matched == origin:
            self._listed[origin] = decision  # never more than there are entries
        elif is_short and origin.isascii() and origin.isprintable():  # see _is_plain
            self._recent.keep(origin, decision)
        return decision

    def decide_by_fields(
        self,
        method: str,
        origin: str | None,
        request_method: str | None,
        request_headers: str | None,
        request_private_network: str | None,
        debug: bool,
    ) -> Decision | None:
        """The decision, where the fields of CORSRequest with these names settle it: what is asked of OPTIONS.

        Returns:
            None where they do not: ``allow_origin_func`` has to be asked.
        """
        if origin is None or request_method is None or not is_preflight(method, origin, request_method):
            return self.decide_by_origin(origin)
        who = ANY if self._answers.is_public else origin  # what everyone may have is remembered but once
        names = within_bounds(request_headers or "")
        asked = (who, request_method, names, request_private_network == "true", debug)
        is_short = len(who) + len(request_method) + len(names) <= _REMEMBERED_LENGTH
        remembered = self._preflights.get(asked) if is_short else None
        if remembered is not None:
            return remembered
        admission = self._admit(origin)
        if self._has_to_be_asked(admission):
            return None
        decision = self._answers.preflight(admission, *asked)
        if is_short and _is_plain(f"{who}{request_method}{names}"):
            self._preflights.keep(asked, decision)
        return decision

    def decide_by_func(self, request: CORSRequest, *, debug: bool) -> Decision:
        """The decision of ``allow_origin_func``, where nothing else has settled it; it is not remembered."""
        return self._decide_asked(request, self._ask(request), debug)

    async def decide_by_func_async(self, request: CORSRequest, *, debug: bool) -> Decision:
        """The same as ``decide_by_func``, and awaits the function if it is async."""
        return self._decide_asked(request, await self._ask_async(request), debug)

    def _admit(self, origin: str) -> Admission | Refusal:
        if self._answers.is_public:
            return Admission(ANY, credentials=False)
        return self._origin_rules.admit(origin)

    def _has_to_be_asked(self, admission: Admission | Refusal) -> bool:
        """Whether ``allow_origin_func`` is there, and has the last word."""
        if self.allow_origin_func is None or isinstance(admission, Admission):
            return False
        return admission.code == "origin-not-allowed"

    def _ask(self, request: CORSRequest) -> Admission | Refusal:
        func = cast("OriginFunc", self.allow_origin_func)
        try:
            answer = func(request)
        except Exception as error:  # noqa: BLE001  # whatever it raises means refused, never a 500
            return _unanswered(request, error)
        if inspect.iscoroutine(answer):
            answer.close()  # a function that hid that it is async
        return self._admission_from(answer, request)

    async def _ask_async(self, request: CORSRequest) -> Admission | Refusal:
        func = cast("OriginFunc", self.allow_origin_func)
        try:
            answer = func(request)
            if inspect.isawaitable(answer):
                answer = await answer
        except Exception as error:  # noqa: BLE001  # whatever it raises means refused, never a 500
            return _unanswered(request, error)
        return self._admission_from(answer, request)

    def _admission_from(self, answer: object, request: CORSRequest) -> Admission | Refusal:
        origin = request.origin or ""
        if answer is True:
            return self._origin_rules.admit_unlisted(origin, "allow_origin_func")
        if answer is False:
            return self._origin_rules.refuse_unlisted(origin)
        # Anything else may be true by mistake: a coroutine nobody awaited, a query nobody ran.
        kind = type(answer).__name__
        return _unanswered(request, TypeError(f"allow_origin_func returned {kind}, not True or False"))

    def _decide_asked(self, request: CORSRequest, admission: Admission | Refusal, debug: bool) -> Decision:
        origin = request.origin or ""
        if not request.is_preflight:
            return self._answers.actual(origin, admission)
        return self._answers.preflight(
            admission,
            origin,
            request.request_method or "",
            within_bounds(request.request_headers or ""),
            request.request_private_network == "true",
            debug,
        )


def make_policy(options: Mapping[str, object]) -> tuple[CORSPolicy, tuple[Problem, ...]]:
    """The policy, and what ``CORSPolicy(**options)`` would warn of, which the caller may tell or not.

    Warning filters cannot do this while requests are served: all threads share them.

    Raises:
        PolicyError: listing every problem of the options.
    """
    unknown = {name: value for name, value in options.items() if name not in DEFAULTS}
    read, found = read_options({**DEFAULTS, **options}, unknown)
    policy = object.__new__(CORSPolicy)
    _adopt(policy, read)
    return policy, found


def _adopt(policy: CORSPolicy, options: Options) -> None:
    """Make the policy one of these options, past the lock that makes it immutable from here on."""
    vars(policy).update(vars(options))
    vars(policy).update(
        is_async=is_async_callable(options.allow_origin_func),
        _origin_rules=OriginRules(options),
        _answers=Answers(options),
        _listed={},
        _recent=Memory(_REMEMBERED),
        _preflights=Memory(_REMEMBERED),
    )


def options_of(policy: CORSPolicy) -> dict[str, object]:
    """The policy's options by their names."""
    return {name: getattr(policy, name) for name in OPTION_NAMES}


def _is_plain(text: str) -> bool:
    """Whether this may be remembered: all else no browser sends, and it takes up to ten times the room."""
    return text.isascii() and text.isprintable()


def _fields(request: CORSRequest) -> tuple[str, str | None, str | None, str | None, str | None]:
    return (
        request.method,
        request.origin,
        request.request_method,
        request.request_headers,
        request.request_private_network,
    )


def _unanswered(request: CORSRequest, error: Exception) -> Refusal:
    return Refusal("origin-func-failed", (request.origin or "",), error=error)


def _short_repr(value: object) -> str:
    if not isinstance(value, tuple):
        return repr(value)
    entries = cast("tuple[object, ...]", value)
    listed = ", ".join(map(repr, entries[:_SHOWN_ENTRIES]))
    more = len(entries) - _SHOWN_ENTRIES
    return f"[{listed}, and {more} more]" if more > 0 else f"[{listed}]"
