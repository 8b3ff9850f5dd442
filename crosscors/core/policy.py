"""CORSPolicy: the options of a policy, and the parts that it is made of.

Each option has a module of its own, which reads the option, decides with it and writes its header. This
module passes the options to those modules, raises and warns about what they found, and builds the rule book
from the rest.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import logging
import re
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypedDict, TypeVar, cast

from crosscors.core import exposed, headers, max_age, methods, private_network, timing
from crosscors.core.decision import Decision
from crosscors.core.document_form import (
    DocumentWords,
    in_document,
    not_in_document,
    options_in,
    with_places,
)
from crosscors.core.errors import PolicyError, PolicyWarning, Problem, shown
from crosscors.core.headers import RequestHeaders
from crosscors.core.methods import Methods
from crosscors.core.origins import dangers
from crosscors.core.origins import options as origins
from crosscors.core.origins.function import OriginFunc, is_async_callable
from crosscors.core.origins.own import is_own_origin
from crosscors.core.origins.public_suffixes import SuffixListError
from crosscors.core.origins.serialized import NULL, is_serialized_origin
from crosscors.core.origins.trusted_sites import trusted_sites
from crosscors.core.plain import plain, plain_unless_callable
from crosscors.core.remembered import Remembered
from crosscors.core.request import CORSRequest
from crosscors.core.rulebook import AskFunction, Rulebook
from crosscors.core.unnamed import NAMES_ELSEWHERE, Call, refuse_positional_options, without_form
from crosscors.core.values import Findings, collected, refused
from crosscors.core.words import KEYWORDS, Words

if TYPE_CHECKING:
    from typing_extensions import Unpack


_SHOWN_ENTRIES = 10

_Value = TypeVar("_Value")


class PolicyOptions(TypedDict, total=False):
    """The keywords of CORSPolicy, for adapters that pass them on."""

    allow_origins: str | Iterable[str]
    allow_origin_regex: str | re.Pattern[str] | None
    allow_origin_func: OriginFunc | None
    allow_methods: str | Iterable[str]
    allow_headers: str | Iterable[str]
    allow_credentials: bool | str | Iterable[str]
    expose_headers: str | Iterable[str]
    max_age: int | timedelta | None
    allow_private_network: bool
    timing_allow_origin: bool
    dangerously_allow: str | Iterable[str]


@dataclass(frozen=True, init=False, repr=False)
class CORSPolicy:
    """Which origins may read responses, and what they may send. Checked once, then immutable.

    A policy that cannot work or is not safe raises PolicyError with every problem at once. What is
    legal but surely a mistake gives a PolicyWarning. Policies are compared by their options and are
    hashable. ``replace`` makes a changed copy.

    Args:
        allow_origins: origins as browsers send them (``"https://app.example.com"``), patterns
            (``"https://*.example.com"``: one label or more; ``"http://localhost:*"``: any port, or
            none), ``"null"``, ``"file://"``, or ``"*"`` for every origin. Default: none. Permitted:
            ``["https://app.example.com", "http://localhost:*"]``. Prohibited: ``"https://app.example.com/"``,
            and everything else that no browser sends, such as paths, upper case and default ports.
        allow_origin_regex: a regular expression that must match the whole origin. Only well-formed
            origins are tried. With credentials, it must name every site that it lets in: the dot in
            ``https://app.example\\.com`` lets in ``https://appaexample.com``. Nested repeats such as
            ``([a-z]+.?)+`` can take seconds for each request. Default: None. Permitted:
            ``r"https://([a-z0-9-]+\\.)*example\\.(com|org)"``. Prohibited: ``r"example\\.com"``, which
            matches no whole origin.
        allow_origin_func: ``func(request: CORSRequest) -> bool``, sync or async, called for
            well-formed origins that nothing else allows. An exception, or a result other than True
            and False, refuses the origin, and is logged as an error. Over ASGI, make the function async if
            it does something that blocks, such as a database query. If it reads headers other than Origin,
            name them with ``@varies_on("X-Tenant")``, so that caches stay correct. With credentials, only
            origins that are https, loopback or an app's can be let in. Default: None. Permitted:
            ``lambda request: request.path == "/feed"``. Prohibited: ``"project.cors.is_tenant"``.
        allow_methods: methods of preflighted requests. ``"*"`` means DELETE, GET, HEAD, OPTIONS, PATCH,
            POST, PUT and QUERY; GET implies HEAD; names outside these are case-sensitive. Default: GET.
            Permitted: ``["GET", "PUT"]``. Prohibited: ``"GET, PUT"``.
        allow_headers: request headers; ``"*"`` means every header, including Authorization. Accept,
            Accept-Language, Content-Language and Content-Type are always allowed. Default: none. Permitted:
            ``["Authorization"]``. Prohibited: ``"Authorization, X-Token"``.
        allow_credentials: True: every allowed origin may send cookies and other credentials. A list of
            origins and patterns: these are allowed with credentials, the rest of ``allow_origins`` (which
            may then be ``"*"``) without. True is prohibited if ``allow_origins`` has ``"*"``. Default: False.
            Permitted: ``["https://app.example.com"]``. Prohibited: ``"*"``.
        expose_headers: response headers that scripts may read. ``"*"`` means all of them, and is
            prohibited with credentials. Default: none. Permitted: ``["X-Request-Id"]``. Prohibited:
            ``"X-Request-Id, X-Page"``.
        max_age: how long a browser may cache the response to a preflight, in seconds or as a timedelta. 0
            means not at all; None means the browser's default (5 seconds). Default: 600. Permitted: ``3600``.
            Prohibited: ``-1``.
        allow_private_network: answer Access-Control-Request-Private-Network. True warns, because browsers no
            longer send that header. They ask the user. Default: False. Permitted: ``False``. Prohibited:
            ``"yes"``.
        timing_allow_origin: send Timing-Allow-Origin, so that pages of the same origins see in detail how
            long a response took. Images and scripts send no Origin: then the header lists the exact origins
            (at most 32), or is ``*`` if everyone is allowed. Default: False. Permitted: ``True``. Prohibited:
            ``["https://app.example.com"]``.
        dangerously_allow: what to accept with credentials although it is not safe: ``"insecure-origins"``
            (http, ws and ftp), ``"null-origin"`` (also ``file://``), ``"public-suffix-subdomains"`` (such
            as ``https://*.github.io``), ``"unproven-regex"`` (an expression that cannot be proved to name its
            sites, for example because of look-around). Default: none. Permitted: ``["insecure-origins"]``.
            Prohibited: ``["wildcard"]``, because ``"*"`` with credentials has no opt-in.

    Attributes:
        is_async: whether ``allow_origin_func`` is async, so that only ``decide_async`` can call it.

    All options are also attributes, in their final form: strings as tuples, ``max_age`` in seconds.

    Raises:
        PolicyError: listing every problem of the options.

    Example:
        >>> policy = CORSPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
        >>> policy.decide(CORSRequest("GET", origin="https://app.example.com")).allowed
        True

    Standard: Fetch, "CORS protocol".
    """

    allow_origins: tuple[str, ...] = ()
    allow_origin_regex: re.Pattern[str] | None = None
    allow_origin_func: OriginFunc | None = field(default=None, hash=False)  # it may be unhashable
    allow_methods: tuple[str, ...] = ("GET",)
    allow_headers: tuple[str, ...] = ()
    allow_credentials: bool | tuple[str, ...] = False
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = 600
    allow_private_network: bool = False
    timing_allow_origin: bool = False
    dangerously_allow: tuple[str, ...] = ()
    is_async: bool = field(init=False, compare=False)
    # For adapters: see ``questions_to`` and ``words_of``.
    _remembered: Remembered = field(init=False, compare=False)
    _words: Words = field(init=False, compare=False)

    def __init__(self, *positional: NoReturn, **options: Unpack[PolicyOptions]) -> None:
        refuse_positional_options(positional, _CALL)
        found = _compose(self, options, KEYWORDS)
        if found.problems:
            raise PolicyError(found.problems)
        warn_about(found.warnings)

    def __repr__(self) -> str:
        changed = (
            f"{name}={_short_repr(value)}"
            for name, value in options_of(self).items()
            if value != DEFAULTS[name]
        )
        return f"CORSPolicy({', '.join(changed)})"

    @property
    def trusted_sites(self) -> tuple[str, ...]:
        """The sites whose pages may use credentials, except those that ``allow_origin_func`` lets in.

        A site is a registrable domain, such as ``"example.com"``, or something else that has one owner:
        ``"loopback"``, ``"10.*.*.*"``, ``"app://obsidian.md"``. ``"*.github.io"`` means all names below that
        domain. The names are sorted.

        Raises:
            PolicyError: if the public suffix list cannot be read.

        Example:
            >>> regex = r"https://([a-z]+\\.)?example\\.(com|org)"
            >>> CORSPolicy(allow_origin_regex=regex, allow_credentials=True).trusted_sites
            ('example.com', 'example.org')

        Standard: HTML, "site".
        """
        if self.allow_credentials is False:
            return ()
        is_listed = isinstance(self.allow_credentials, tuple)
        entries = cast("tuple[str, ...]", self.allow_credentials if is_listed else self.allow_origins)
        try:
            return trusted_sites(entries, None if is_listed else self.allow_origin_regex)
        except SuffixListError as error:
            raise PolicyError((dangers.unreadable_list(error, KEYWORDS),)) from error

    @property
    def everywhere(self) -> CORSPolicy:
        """The policy itself: it covers every path."""
        return self

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """The policy itself, as the only one. Resources can have several."""
        return (self,)

    def policy_for(self, path: str, root_path: str = "") -> CORSPolicy:  # as Resources has it
        """The policy itself, for every path."""
        return self

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

    def to_dict(self, *, without_redundant: bool = False) -> dict[str, Any]:
        """The options that differ from their defaults, for JSON and TOML. ``from_dict`` reads them.

        The policy that ``from_dict`` makes is equal to this one. Only flags that an expression was compiled
        with become part of its text: ``"(?i)https://..."``. ``max_age=None`` is written as
        ``"browser-default"``.

        Args:
            without_redundant: leave out entries that other entries cover, and headers that are always
                allowed. The policy then allows the same. Default: False.

        Raises:
            PolicyError: if there is an ``allow_origin_func``, because no document can have a function.

        Example:
            >>> CORSPolicy(allow_origins=["https://a.example"], max_age=None).to_dict()
            {'allow_origins': ['https://a.example'], 'max_age': 'browser-default'}
        """
        if self.allow_origin_func is not None:
            raise PolicyError((not_in_document("allow_origin_func", self.allow_origin_func),))
        options = shortened(self) if without_redundant else options_of(self)
        return in_document(options, DEFAULTS)

    @classmethod
    def from_dict(cls, options: Mapping[str, object]) -> CORSPolicy:
        """The policy that ``to_dict`` wrote, or that somebody wrote in JSON or TOML.

        Raises:
            PolicyError: listing every problem of the options, each with the place of the wrong entry, such
                as ``allow_origins[2]``.

        Example:
            >>> CORSPolicy.from_dict({"allow_origins": ["https://a.example"], "max_age": "browser-default"})
            CORSPolicy(allow_origins=['https://a.example'], max_age=None)
        """
        policy, found = policy_in_document(options, DocumentWords())
        if policy is None:
            raise PolicyError(found.problems)
        warn_about(found.warnings)
        return policy

    def decide(self, request: CORSRequest, *, debug: bool = False) -> Decision:
        """What this policy says about the request, and which headers the response gets.

        Args:
            request: the request as plain data; any text in it is fine and never raises.
            debug: give status 200 instead of 400 to preflights that a browser will refuse anyway because
                of the lists in the response. The browser's console then names the method or header. With
                status 400 it cannot, because browsers then do not read the lists. Default: False.

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
        answer = self._answer(request, debug=debug)
        return answer.decide(request, debug=debug) if isinstance(answer, AskFunction) else answer

    async def decide_async(self, request: CORSRequest, *, debug: bool = False) -> Decision:
        """The same as ``decide``, but it awaits ``allow_origin_func`` if that is async."""
        answer = self._answer(request, debug=debug)
        return await answer.decide_async(request, debug=debug) if isinstance(answer, AskFunction) else answer

    def allows_origin(
        self, origin: str | None, *, credentials: bool = False, host: str | None = None
    ) -> bool:
        """Whether pages of this origin are allowed, for libraries that take a function, such as Socket.IO.

        Args:
            origin: Origin. None is refused. So is text that no browser sends.
            credentials: whether the origin must also get credentials. True is right for WebSockets, because
                browsers send cookies with them. Default: False.
            host: Host. With it, the pages of this server itself are allowed, too: those whose origin has this
                host and port. Default: None.

        ``allow_origin_func`` gets a request with method GET, ``origin`` and ``host``, and nothing else. If it
        fails, the origin is refused, and the log says why.

        Raises:
            TypeError: if ``allow_origin_func`` is async.

        Example:
            >>> policy = CORSPolicy(allow_origins="*", allow_credentials=["https://app.example.com"])
            >>> policy.allows_origin("https://other.example"), policy.allows_origin(None)
            (True, False)
            >>> policy.allows_origin("https://other.example", credentials=True)
            False
            >>> policy.allows_origin("http://localhost:8000", credentials=True, host="localhost:8000")
            True

        Standard: RFC 6455, section 10.2.
        """
        if self.is_async:
            raise TypeError("allow_origin_func is async: allows_origin needs one that is not")
        if origin is None:
            return False
        if is_own_origin(origin, host or ""):
            return True
        decision = self.decide(CORSRequest("GET", origin=origin, host=host or ""))
        _log_failure(decision, origin)
        # A public policy does not look at the origin. All others have.
        is_allowed = decision.allowed and (origin == NULL or is_serialized_origin(origin))
        return is_allowed and (decision.gives_credentials or not credentials)

    def _answer(self, request: CORSRequest, *, debug: bool) -> Decision | AskFunction:
        origin, method = request.origin, request.request_method
        if request.method != "OPTIONS" or origin is None or method is None:
            answer = self._remembered.actual(origin)
            return answer if isinstance(answer, AskFunction) else self._remembered.examined(answer, request)
        names, network = request.request_headers, request.request_private_network
        return self._remembered.preflight(origin, method, names, network, debug)


_CALL = Call("CORSPolicy({})", policy="**options", by_path=without_form)

DEFAULTS: Mapping[str, object] = {
    each.name: each.default for each in dataclasses.fields(CORSPolicy) if each.init
}
OPTION_NAMES = tuple(DEFAULTS)

# What help() and editors show: each option with its default.
CORSPolicy.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # inspect looks for it
    [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=DEFAULTS[name]) for name in OPTION_NAMES]
)


class Policies(Protocol):
    """One policy for every path, or a policy for each path: CORSPolicy or Resources."""

    @property
    def everywhere(self) -> CORSPolicy | None:
        """The one policy for all paths; None if the policy depends on the path."""
        ...

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """All the policies, without repeats."""
        ...

    def policy_for(self, path: str, root_path: str = "") -> CORSPolicy | None:
        """The policy that covers the path; None if none does."""
        ...


def make_policy(options: Mapping[str, object], words: Words) -> tuple[CORSPolicy | None, Findings]:
    """The policy with these options, and what was found. The policy is None if there is a problem."""
    policy = object.__new__(CORSPolicy)
    found = _compose(policy, options, words)
    return (None if found.problems else policy), found


def policy_in_document(options: object, words: DocumentWords) -> tuple[CORSPolicy | None, Findings]:
    """The policy with options from a document, and what was found. None if there is a problem."""
    if not isinstance(options, Mapping):
        message = f"takes the options of a policy as keys, not {shown(options)}."
        example = words.setting("allow_origins", '["https://app.example.com"]')
        hint = f"Write its options below it, such as {example}."
        return None, refused("wrong-type", words.place or "policy", options, message, hint)
    table = {str(name): value for name, value in cast("Mapping[object, object]", options).items()}
    given, of_form = options_in(table, words)
    policy, found = make_policy(given, words)
    found = with_places(of_form + found, table, words)
    return (None if found.problems else policy), found


def shortened(policy: CORSPolicy) -> dict[str, Any]:
    """The options without what can be left out, because the policy allows the same without it."""
    options: dict[str, Any] = options_of(policy)
    redundant = [each for each in make_policy(options, KEYWORDS)[1].warnings if each.code in _REDUNDANT]
    for option, value in ((each.option, each.value) for each in redundant):
        if option == "allow_origin_regex":
            options[option] = None
        elif not (option == "allow_origins" and policy.timing_allow_origin):  # its header lists all of them
            options[option] = tuple(entry for entry in options[option] if entry != value)
    return options


_REDUNDANT = frozenset({"already-covered", "safelisted-header"})


def _compose(policy: CORSPolicy, options: Mapping[str, Any], words: Words) -> Findings:
    """Give the policy these options. If there is a problem, it is not a policy."""
    given = {**DEFAULTS, **{name: _as_given(name, value) for name, value in options.items()}}
    found: list[Findings] = []

    def take(read: tuple[_Value, Findings]) -> _Value:
        value, findings = read
        found.append(findings)
        return value

    of_origins = take(
        origins.read(
            given["allow_origins"],
            given["allow_origin_regex"],
            given["allow_origin_func"],
            given["allow_credentials"],
            given["dangerously_allow"],
            words,
        )
    )
    has_credentials = of_origins.allow_credentials is not False
    # This bypasses the lock of the dataclass. From here on, the policy is immutable.
    vars(policy).update(
        vars(of_origins),
        allow_methods=take(methods.read(given["allow_methods"], words)),
        allow_headers=take(headers.read(given["allow_headers"], words)),
        expose_headers=take(exposed.read(given["expose_headers"], words, with_credentials=has_credentials)),
        max_age=take(max_age.read(given["max_age"], words)),
        allow_private_network=take(private_network.read(given["allow_private_network"], words)),
        timing_allow_origin=take(timing.read(given["timing_allow_origin"], of_origins, words)),
        is_async=is_async_callable(of_origins.allow_origin_func),
        _words=words,
    )
    found += [_unknown_option(name, given[name], words) for name in given if name not in DEFAULTS]
    findings = collected(found)
    if not findings.problems:
        rulebook = Rulebook(
            of_origins,
            Methods(policy.allow_methods),
            RequestHeaders(policy.allow_headers),
            exposed=exposed.header(policy.expose_headers),
            max_age=max_age.header(policy.max_age),
            allows_private_network=policy.allow_private_network,
            allows_timing=policy.timing_allow_origin,
        )
        vars(policy)["_remembered"] = Remembered(rulebook)
    return findings


def _as_given(name: str, value: object) -> object:
    return plain_unless_callable(value) if name == "allow_origin_func" else plain(value)


# Keywords that belong to an adapter, not to a policy.
_KEYWORDS_OF_ADAPTERS = {
    "debug": "Write it outside the policy: CORS(app, debug=...) or CORSMiddleware(app, debug=...).",
    "on_decision": (
        "Write it outside the policy: CORS(app, on_decision=...) or CORSMiddleware(app, on_decision=...)."
    ),
    "protect": "Write it outside the policy: CORS(app, protect=...) or CORSMiddleware(app, protect=...).",
    "resources": 'Write policy=Resources({"/api/*": CORSPolicy(...)}).',
}


def _unknown_option(name: str, value: object, words: Words) -> Findings:
    message = f"there is no option {shown(name)}."
    option = name if words is KEYWORDS else words.name(name)  # as it was given
    return refused("unknown-option", option, value, message, _nearest_option(name, words))


def _nearest_option(name: str, words: Words) -> str:
    if name in _KEYWORDS_OF_ADAPTERS:
        return _KEYWORDS_OF_ADAPTERS[name]
    nearest = NAMES_ELSEWHERE.get(name.lower())  # too far off for difflib
    if nearest is None:
        nearest = next(iter(difflib.get_close_matches(name.lower(), OPTION_NAMES, n=1, cutoff=0.75)), None)
    if nearest is None:
        return f"The options are {', '.join(OPTION_NAMES)}."
    return f"Write {words.setting(nearest, '...')}"


def warn_about(problems: Iterable[Problem]) -> None:
    """Warn at the line that called this package."""
    for problem in problems:
        warnings.warn(PolicyWarning(problem), stacklevel=_level_of_caller())


def _level_of_caller() -> int:
    """The stack level, as warnings.warn counts from our caller, of the first frame outside this package."""
    level = 0
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("crosscors."):
        frame = frame.f_back
        level += 1
    return level


def _log_failure(decision: Decision, origin: str) -> None:
    """Log that ``allow_origin_func`` failed, if it did. Adapters log that for their own decisions."""
    for refusal in decision.refusals:
        if refusal.error is not None:
            with suppress(Exception):  # a handler or filter can raise
                message = "allow_origin_func failed, so %s is refused"
                logging.getLogger("crosscors").error(message, shown(origin), exc_info=refusal.error)


def questions_to(policy: CORSPolicy) -> Remembered:
    """What adapters use instead of ``decide``. It takes the values of headers, and never awaits."""
    return policy._remembered  # pyright: ignore[reportPrivateUsage]


def words_of(policy: CORSPolicy) -> Words:
    """The words that the author of the policy uses for its options."""
    return policy._words  # pyright: ignore[reportPrivateUsage]


def options_of(policy: CORSPolicy) -> dict[str, object]:
    """The policy's options by their names."""
    return {name: getattr(policy, name) for name in OPTION_NAMES}


def _short_repr(value: object) -> str:
    if not isinstance(value, tuple):
        return repr(value)
    entries = cast("tuple[object, ...]", value)
    listed = ", ".join(map(repr, entries[:_SHOWN_ENTRIES]))
    more = len(entries) - _SHOWN_ENTRIES
    return f"[{listed}, and {more} more]" if more > 0 else f"[{listed}]"
