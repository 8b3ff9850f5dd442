"""Cross-origin protection: may this request reach the application at all. All the rules are here.

CORS decides which pages may read responses. It stops no form post, no beacon and no WebSocket. This does. The
policy that lets pages read also says who may write.

1.  The host must be one of ``allowed_hosts``, if there are any. Preflights are no exception.
2.  A path of ``exempt`` takes requests from everywhere.
3.  Safe methods are served: GET, HEAD, OPTIONS, TRACE and QUERY. The exception is a request that opens a
    WebSocket.
4.  If the browser says that the page has the same origin, or that there is no page, the request is served.
    This comes before Origin, which is ``null`` if the own page has ``Referrer-Policy: no-referrer``.
5.  The origin is one of ``trusted_origins``, or the policy of the path allows it with credentials: served.
6.  The policy allows the origin without credentials: served if the request carries nothing that a browser
    sends by itself (cookies, and Authorization of the schemes in ``_AMBIENT``), and is not a navigation. A
    form post is one, and a form post to a login form signs the user in as the attacker. A Bearer token is no
    such thing: a script that knows it has set it, after a preflight.
7.  In 5 and 6, the policy must also allow the method, which browsers do not check for form posts. A WebSocket
    has no method to check. ``trusted_origins`` may use every method.
8.  If the browser says that the page has another origin, any other request is refused.
9.  If the browser does not say where a request is from, it is served if it has no Origin, because then it is
    not from a browser. It is also served if its origin is one of the server itself. Any other is refused.
    (Chromium does not say it for WebSockets. No browser says it over plain http, except to this machine.)

An origin that is ``null`` or malformed is never trusted. X-Forwarded-* is never read: anybody can send it.

Standards: Fetch Metadata Request Headers; Fetch, "`Origin` header"; RFC 9110, section 9.2.1 (safe methods);
RFC 6455, section 4 (WebSockets).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple, NoReturn, cast

from crosscors.core import hosts
from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import PolicyError, shown
from crosscors.core.hosts import AllowedHosts
from crosscors.core.origins import dangers
from crosscors.core.origins import options as origins
from crosscors.core.origins.expressions import Surroundings
from crosscors.core.origins.own import is_own_origin
from crosscors.core.origins.patterns import OriginSet
from crosscors.core.origins.public_suffixes import SuffixListError
from crosscors.core.origins.serialized import MAX_LENGTH, NULL, is_serialized_origin, split
from crosscors.core.policy import CORSPolicy, Policies, questions_to, warn_about
from crosscors.core.protection_texts import Given
from crosscors.core.refusal import Refusal, RefusalCode
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources, has_one_reading_with_key, make_resources
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.core.values import (
    ANY,
    Findings,
    collected,
    is_several,
    is_text_pattern,
    read_bool,
    refused,
    warned,
)
from crosscors.core.words import KEYWORDS, Words

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})

# Authentication schemes whose credentials a browser adds by itself, in lower case.
_AMBIENT = ("basic", "digest", "negotiate", "ntlm")
_CALL = Call("CrossOriginProtection({})", origins="trusted_origins")
# Sec-Fetch-Site of requests that no other origin has sent (rule 4).
OWN_SITES = frozenset({"same-origin", "none"})
_OTHER_ORIGIN: dict[str | None, RefusalCode] = {
    "cross-site": "cross-site-request",
    "same-site": "same-site-request",
}


class Sender(NamedTuple):
    """What a request says about where it comes from.

    A header that is missing is None, or empty if it is neither Origin nor Cookie. A header that came twice is
    both values joined with a comma.

    Attributes:
        method: the request method.
        is_websocket: whether it opens a WebSocket.
        site: Sec-Fetch-Site.
        origin: Origin.
        host: Host.
        mode: Sec-Fetch-Mode.
        cookie: Cookie, or any text if there is one.
        authorization: Authorization.
    """

    method: str
    is_websocket: bool
    site: str | None = None
    origin: str | None = None
    host: str | None = None
    mode: str | None = None
    cookie: str | None = None
    authorization: str | None = None


# The same as ``Sender(*values)``, without a call of Python code, which takes 0.2 microseconds more.
make_sender: Callable[[tuple[str | bool | None, ...]], Sender] = partial(
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]
    Sender,
)


def _sender_of(request: CORSRequest, *, is_websocket: bool) -> Sender:
    get = request.headers.get
    return Sender(
        request.method,
        is_websocket,
        get("sec-fetch-site"),
        request.origin,
        request.host or None,
        get("sec-fetch-mode"),
        get("cookie"),
        get("authorization"),
    )


class Ask(enum.Enum):
    """An answer to "is the request served?": only the policy of its path can tell."""

    POLICY = enum.auto()


@dataclass(frozen=True, init=False)
class CrossOriginProtection:
    """Which requests reach the application at all. Checked once, then immutable.

    The policy says who may write: an origin that it allows with credentials may send every method that the
    policy allows. An origin that it allows without credentials may do so without cookies. No other page may
    send an unsafe request (POST, PUT, DELETE and so on) or open a WebSocket. Pages of the server itself may,
    and so may clients that are not browsers. See docs/protection.md.

    Args:
        report_only: log what would be refused, call the hook, and change nothing. Default: False.
        trusted_origins: origins and patterns whose pages may send every request, although no policy allows
            them. Prohibited: ``"*"``, ``"null"``, ``"file://"`` and public suffixes (``https://*.github.io``).
            Default: none.
        own_origins: the origins by which browsers reach this server, exact ones and patterns. If there are
            any, Host is not compared. Write them if a proxy changes Host. Default: none.
        allowed_hosts: the hosts that Host may name, against DNS rebinding: ``"api.example.com"`` (with any
            port), ``"localhost:8000"``, ``"*.example.com"``, ``"[::1]"``. Default: every host.
        exempt: paths that take requests from every site, such as ``"/saml/acs"`` or ``"/hooks/*"``. They are
            written like the keys of Resources, also as compiled regular expressions. A path that routers can
            read in several ways is never exempt. Default: none.

    Raises:
        PolicyError: listing every problem of the options.

    Example:
        >>> protection = CrossOriginProtection()
        >>> headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
        >>> form = CORSRequest("POST", origin="https://evil.example", headers=headers)
        >>> protection.check(form).refusals[0].code
        'cross-site-request'
    """

    report_only: bool = False
    trusted_origins: tuple[str, ...] = ()
    own_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    exempt: tuple[str | re.Pattern[str], ...] = ()
    _trusted: OriginSet = field(init=False, repr=False, compare=False)
    _own: OriginSet = field(init=False, repr=False, compare=False)
    _hosts: AllowedHosts = field(init=False, repr=False, compare=False)
    _exempt: Resources = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        *positional: NoReturn,
        report_only: bool = False,
        trusted_origins: str | Iterable[str] = (),
        own_origins: str | Iterable[str] = (),
        allowed_hosts: str | Iterable[str] = (),
        exempt: str | re.Pattern[str] | Iterable[str | re.Pattern[str]] = (),
    ) -> None:
        refuse_positional_options(positional, _CALL)
        only, of_report = read_bool("report_only", report_only, KEYWORDS)
        trusted, of_trusted = _read_trusted(trusted_origins, KEYWORDS)
        own, of_own = _read_own(own_origins, KEYWORDS)
        allowed, of_hosts = hosts.read(allowed_hosts, KEYWORDS)
        of_hosts += collected(_judge_host(entry, KEYWORDS) for entry in allowed)
        paths, of_paths = _read_exempt(exempt)
        resources, of_keys = make_resources(dict.fromkeys(paths), "exempt")
        found = collected((of_report, of_trusted, of_own, of_hosts, of_paths, of_keys))
        if found.problems:
            raise PolicyError(found.problems, "cross-origin protection")
        vars(self).update(  # this bypasses the lock of the dataclass
            report_only=only,
            trusted_origins=trusted,
            own_origins=own,
            allowed_hosts=allowed,
            exempt=paths,
            _trusted=OriginSet.of(trusted),
            _own=OriginSet.of(own),
            _hosts=AllowedHosts.of(allowed),
            _exempt=cast("Resources", resources),
        )
        warn_about(found.warnings)

    def check(
        self, request: CORSRequest, policy: Policies | None = None, *, is_websocket: bool = False
    ) -> Decision | None:
        """None if the request may be served, otherwise the decision that refuses it, with status 403.

        Args:
            request: the request. ``headers`` must have Sec-Fetch-Site, Sec-Fetch-Mode, Cookie and
                Authorization, if the request has them.
            policy: the policy of the application; None if there is none. Default: None.
            is_websocket: whether the request opens a WebSocket. Default: False.

        Raises:
            TypeError: if ``allow_origin_func`` has to be called and is async.

        Example:
            >>> policy = CORSPolicy(allow_origins="*", allow_methods="*")
            >>> headers = {"sec-fetch-site": "cross-site", "authorization": "Bearer x"}
            >>> request = CORSRequest("PUT", origin="https://app.example", headers=headers)
            >>> CrossOriginProtection().check(request, policy) is None
            True
        """
        sender = _sender_of(request, is_websocket=is_websocket)
        answer = self.examine(sender, request.path)
        if answer is not Ask.POLICY:
            return answer
        covering = None if policy is None else policy.policy_for(request.path)
        return self.judge(sender, covering, None if covering is None else covering.decide(request))

    async def check_async(
        self, request: CORSRequest, policy: Policies | None = None, *, is_websocket: bool = False
    ) -> Decision | None:
        """The same as ``check``, but it awaits ``allow_origin_func`` if that is async."""
        sender = _sender_of(request, is_websocket=is_websocket)
        answer = self.examine(sender, request.path)
        if answer is not Ask.POLICY:
            return answer
        covering = None if policy is None else policy.policy_for(request.path)
        decision = None if covering is None else await covering.decide_async(request)
        return self.judge(sender, covering, decision)

    def admits(self, policy: CORSPolicy, decision: Decision, method: str, *, is_plain: bool) -> bool:
        """Whether rules 5 to 7 surely serve the request. False: ask ``examine`` and ``judge``.

        They say the same, but take a microsecond more. Most requests of other origins are served here.

        Args:
            policy: the policy that covers the path.
            decision: what that policy says about an actual request with this origin.
            method: the request method.
            is_plain: whether the request is surely one of a script, and carries nothing that a browser sends
                by itself: Sec-Fetch-Mode is ``cors``, there is no Cookie, and no Authorization except a
                Bearer token.
        """
        return (
            decision.allowed
            and decision.kind is Kind.ACTUAL
            and decision.matched not in _NO_CERTAIN_PAGE
            and (is_plain or decision.gives_credentials)
            and method in questions_to(policy).methods.allowed
            and not self.allowed_hosts
        )

    def examine(self, sender: Sender, path: str, root_path: str = "") -> Decision | Ask | None:
        """Rules 1 to 4, and the rest as far as it needs no policy.

        Returns:
            None if the request is served, the decision that refuses it, or that only the policy can tell.
        """
        if self.allowed_hosts and not self._hosts.admit(sender.host or ""):
            refusal = Refusal("host-not-allowed", (sender.host or "",), self.allowed_hosts)
            return self._refused(sender, refusal, ResponseHeaders())
        if self.exempt and has_one_reading_with_key(self._exempt, path, root_path):
            return None
        if sender.site in OWN_SITES or (sender.method in SAFE_METHODS and not sender.is_websocket):
            return None
        if sender.origin is None:
            return Ask.POLICY if sender.site in _OTHER_ORIGIN else None
        is_trusted = self.trusted_origins and _is_among(self._trusted, sender.origin)
        return None if is_trusted else Ask.POLICY

    def judge(self, sender: Sender, policy: CORSPolicy | None, decision: Decision | None) -> Decision | None:
        """Rules 5 to 9: None if the request is served, otherwise the decision that refuses it.

        Args:
            sender: what the request says about where it comes from.
            policy: the policy that covers the path; None if none does.
            decision: what that policy says about an actual request with this origin; None if there is none.
        """
        refusal = _failure(decision)
        if policy is not None and decision is not None and _allows(decision, sender.origin):
            refusal = self._objection(sender, policy, decision)
            if refusal is None:
                return None
        code = _OTHER_ORIGIN.get(sender.site)
        if code is None and self._is_own(sender):
            return None
        headers = ResponseHeaders() if decision is None else decision.response_headers
        return self._refused(sender, refusal or self._refusal(sender, code, policy), headers)

    def _is_own(self, sender: Sender) -> bool:
        """Whether the origin is one of the server itself."""
        origin = sender.origin or ""
        return _is_among(self._own, origin) if self.own_origins else is_own_origin(origin, sender.host or "")

    def _objection(self, sender: Sender, policy: CORSPolicy, decision: Decision) -> Refusal | None:
        """Why an origin that the policy allows may not send this request; None if it may (rules 5 to 7)."""
        refusal = None if sender.is_websocket else questions_to(policy).methods.refusal(sender.method)
        if refusal is not None or decision.gives_credentials:
            return refusal
        origin = sender.origin or ""
        if sender.mode is not None and "navigate" in sender.mode:  # also if a proxy sends it twice
            return Refusal("navigation-not-trusted", (origin,), given=given_in(self, policy))
        if sender.cookie is not None or (sender.authorization and _is_ambient(sender.authorization)):
            return Refusal("credentials-not-allowed", (origin,), given=given_in(self, policy))
        return None

    def _refusal(self, sender: Sender, code: RefusalCode | None, policy: CORSPolicy | None) -> Refusal:
        """Why an origin that no policy allows may not send this request (rules 8 and 9).

        Args:
            sender: what the request says about where it comes from.
            code: the reason, if the browser says that the page has another origin.
            policy: the policy that covers the path; None if none does.
        """
        origin, host = sender.origin or "", sender.host or ""
        is_compared = code is None
        if sender.is_websocket:
            code = "websocket-origin"
        elif code is None:
            code = "null-origin-no-metadata" if origin == NULL else "origin-not-own"
        given = given_in(self, policy)
        if not is_compared:
            return Refusal(code, (origin,), given=given)
        if self.own_origins:
            return Refusal(code, (origin,), self.own_origins, given=given)
        return Refusal(code, (origin, host), given=given)

    def _refused(self, sender: Sender, refusal: Refusal, headers: ResponseHeaders) -> Decision:
        kind = Kind.NOT_CORS if sender.origin is None else Kind.ACTUAL
        effect: Literal["report", "enforced"] = "report" if self.report_only else "enforced"
        return Decision(kind, False, headers, status=403, refusals=(refusal,), protection=effect)


def given_in(protection: CrossOriginProtection, policy: CORSPolicy | None) -> Given:
    """What the developer has written, for hints. The policy is that of the path; None if none covers it."""
    options = ("trusted_origins", "own_origins", "allowed_hosts", "exempt")
    written = tuple(name for name in options if getattr(protection, name))
    return Given(written, protection.report_only, None if policy is None else policy.allow_credentials)


def is_bearer(authorization: str) -> bool:
    """Whether Authorization is one token that no browser adds by itself (RFC 6750). False: perhaps not."""
    return authorization.startswith("Bearer ") and "," not in authorization


# A public policy does not look at the origin. ``null`` is no certain page, although a policy can list it.
_NO_CERTAIN_PAGE = frozenset({ANY, NULL})


def _allows(decision: Decision, origin: str | None) -> bool:
    """Whether the policy allows the origin, and it is one that a browser gives to a page with an address."""
    # A form post is allowed as NOT_CORS, because CORS has no say in it.
    if decision.kind is not Kind.ACTUAL or not decision.allowed or origin is None or origin == NULL:
        return False
    # A public policy does not look at the origin. All others have.
    return decision.matched != ANY or is_serialized_origin(origin)


def _failure(decision: Decision | None) -> Refusal | None:
    """That ``allow_origin_func`` failed. That is the reason then, and has to be logged. None otherwise."""
    refusals = () if decision is None else decision.refusals
    return next((each for each in refusals if each.error is not None), None)


def _is_ambient(authorization: str) -> bool:
    """Whether a browser may have added these credentials by itself. Every line and every list is looked at.

    >>> [_is_ambient(value) for value in ("Bearer x", "basic YTpi", "Bearer x, NTLM y")]
    [False, True, True]
    """
    if "," not in authorization:  # which is most of them, and they can be long
        return authorization[:_LONGEST].lower().startswith(_AMBIENT)
    return any(piece.strip().lower().startswith(_AMBIENT) for piece in authorization.split(","))


_LONGEST = max(map(len, _AMBIENT))


def _is_among(listed: OriginSet, origin: str) -> bool:
    return len(origin) <= MAX_LENGTH and listed.match(origin) is not None


def _read_trusted(value: object, words: Words) -> tuple[tuple[str, ...], Findings]:
    """``trusted_origins``. What nobody owns alone is refused, because there is no safe use for it."""
    option = "trusted_origins"
    entries, found = origins.read_entries(value, Surroundings(option, None, words))
    return entries, found + collected(_judge_trusted(option, entry, words) for entry in entries)


def _judge_trusted(option: str, entry: str, words: Words) -> Findings:
    name = words.name(option)
    if entry == ANY:
        return _everyone(name)
    if entry in dangers.ORIGINS_OF_ANYBODY:
        message = f'"{entry}" cannot be trusted: {dangers.ORIGINS_OF_ANYBODY[entry]}.'
        return refused("null-trusted", name, entry, message, "Leave it out.")
    scheme, host, _ = split(entry)
    try:
        if dangers.has_many_owners(scheme, host):
            domain = host.removeprefix("*.").removesuffix(".")
            message = f"{shown(entry)} cannot be trusted: {dangers.owners_below(domain)}."
            return refused("public-suffix-trusted", name, entry, message, "List your own origins.")
    except SuffixListError as error:
        return Findings(problems=(dangers.unreadable_list(error, words),))
    if dangers.is_insecure(scheme, host):
        return warned("insecure-origin-trusted", name, entry, f"is not safe: {dangers.ANYONE_ON_THE_PATH}.")
    return Findings()


def _read_own(value: object, words: Words) -> tuple[tuple[str, ...], Findings]:
    """``own_origins``."""
    option = "own_origins"
    entries, found = origins.read_entries(value, Surroundings(option, None, words))
    name = words.name(option)
    for entry in entries:
        if entry == ANY:
            found += _everyone(name)
        elif entry in dangers.ORIGINS_OF_ANYBODY:
            message = f'"{entry}" is not the origin of a server.'
            found += refused("null-trusted", name, entry, message, "Leave it out.")
    return entries, found


def _judge_host(entry: str, words: Words) -> Findings:
    host = entry.partition(":")[0]
    try:
        is_open = host.startswith("*.") and dangers.has_many_owners("https", host)
    except SuffixListError:
        return Findings()  # it only warns
    if not is_open:
        return Findings()
    message = f"lets in names of others: {dangers.owners_below(host.removeprefix('*.'))}."
    hint = 'List the names of this server, such as "api.example.com".'
    return warned("public-suffix-host", words.name("allowed_hosts"), entry, message, hint)


def _read_exempt(value: object) -> tuple[tuple[str | re.Pattern[str], ...], Findings]:
    """``exempt``. ``make_resources`` judges the paths."""
    if isinstance(value, str) or is_text_pattern(value):
        value = [value]
    hint = 'Write exempt=["/hooks/*"].'
    if not is_several(value):
        message = f"takes a path or a list of paths, not {shown(value)}."
        return (), refused("wrong-type", "exempt", value, message, hint)
    entries = tuple(sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)
    others = (entry for entry in entries if not (isinstance(entry, str) or is_text_pattern(entry)))
    found = collected(
        refused("wrong-type", "exempt", entry, f"takes paths, not {shown(entry)}.", hint) for entry in others
    )
    for entry in entries:
        if isinstance(entry, str) and entry not in ("/", "/*") and not entry.strip("/*"):
            code = "exempts-everything" if entry.strip("/") else "path-relative"
            message = "would exempt every path." if entry.strip("/") else "is not a path."
            found += refused(code, "exempt", entry, f"{shown(entry)} {message}", _PATHS_OF_OTHERS)
    everything = next((each for each in entries if _exempts_everything(each)), None)
    if everything is not None and not found.problems:
        message = "exempts every path, so only allowed_hosts protects anything."
        found += warned("exempts-everything", "exempt", _text_of(everything), message, _PATHS_OF_OTHERS)
    return () if found.problems else cast("tuple[str | re.Pattern[str], ...]", entries), found


def _exempts_everything(entry: object) -> bool:
    return entry == "/*" or (is_text_pattern(entry) and all(map(entry.fullmatch, _ANY_PATHS)))


def _text_of(entry: object) -> str:
    return entry.pattern if is_text_pattern(entry) else str(entry)


_ANY_PATHS = ("/", "/a", "/a/b.c")
_PATHS_OF_OTHERS = 'List the paths that other sites post to: exempt=["/saml/acs"].'


def _everyone(name: str) -> Findings:
    message = '"*" would let every page on the web act as your signed-in users.'
    return refused(
        "everyone-trusted", name, ANY, message, f'List the origins: {name}=["https://app.example.com"].'
    )
