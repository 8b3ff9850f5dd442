"""LivePolicy: a policy that can be replaced while requests are served.

1.  A request looks its policy up, and that policy alone makes the decision. Policies are immutable. So no
    decision mixes two of them, and what a policy remembers goes with it.
2.  ``replace`` checks the new policy first. Then one assignment puts it into place, together with its
    version. Requests take no lock.
3.  Who uses a LivePolicy may require something of the policies in it. The adapters for WSGI cannot await, so
    they require that no function is async. ``replace`` refuses a policy that does not meet a requirement.
4.  The only lock is for those who replace, require and listen. It is held for microseconds, and no code of an
    application runs meanwhile. A forked process gets a new one, because a thread that the child does not
    have may hold the old one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar

from crosscors.core.errors import PolicyError, shown
from crosscors.core.policy import CORSPolicy, Policies
from crosscors.core.unnamed import is_policy, of_policies
from crosscors.core.values import Findings, collected, read_bool, refused
from crosscors.core.words import KEYWORDS

if TYPE_CHECKING:
    from typing_extensions import TypeIs

_P = TypeVar("_P", bound=Policies)
_T = TypeVar("_T")

# What is wrong with a policy, for one who uses it.
Requirement = Callable[[Policies], Findings]


@dataclass(frozen=True)
class Published(Generic[_P]):
    """What a LivePolicy serves since a moment.

    Attributes:
        policy: the CORSPolicy or Resources.
        version: its number. It only grows.
        changed_at: when it was put into place, in seconds since 1970, as ``time.time()`` has it.
    """

    policy: _P
    version: int
    changed_at: float


class LivePolicy(Generic[_P]):
    """A policy that can be replaced while requests are served.

    Give the same object to every adapter, view and key of Resources that is to follow it. Each decision is
    made by one policy: the one that is served at that moment. ``replace`` is safe in threads and tasks. It
    changes this process only.

    It stands for itself: two are equal if they are the same object. Copies of an application share it. It
    cannot be pickled, because nobody would replace the policy in the other process.

    Args:
        policy: a CORSPolicy or Resources.
        version: its number. Default: 1.

    Attributes:
        debug: True or False: debug mode, for all adapters that were given this object as ``policy=``. None:
            what the adapter was given as ``debug``. It may be changed at any time. Default: None.

    Raises:
        PolicyError: if ``policy`` is neither, or ``version`` is not a whole number above 0.

    Example:
        >>> live = LivePolicy(CORSPolicy(allow_origins=["https://app.example.com"]))
        >>> live.replace(CORSPolicy(allow_origins=["https://new.example.com"])).version
        2
        >>> live.allows_origin("https://new.example.com"), live.allows_origin("https://app.example.com")
        (True, False)
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, policy: _P, *, version: int = 1) -> None:
        _raise(_check(policy), _check_version(version, 0))
        self._published = Published(policy, version, time.time())
        self._requirements: tuple[Requirement, ...] = ()
        self._changes: _Listeners[Published[_P]] = _Listeners()
        self._failures: _Listeners[Exception] = _Listeners()
        self._debug: bool | None = None

    def __repr__(self) -> str:
        published = self._published
        return f"LivePolicy({published.policy!r}, version={published.version})"

    def __copy__(self) -> LivePolicy[_P]:
        return self

    def __deepcopy__(self, _memo: object) -> LivePolicy[_P]:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a LivePolicy cannot be pickled, because nobody would replace the policy in the other process. "
            "Pickle its policy, and write LivePolicy(policy) there"
        )

    @property
    def published(self) -> Published[_P]:
        """The policy that is served now, with its version and the time of the change."""
        return self._published

    @property
    def policy(self) -> _P:
        """The policy that is served now."""
        return self._published.policy

    @property
    def version(self) -> int:
        """The version of the policy that is served now."""
        return self._published.version

    @property
    def changed_at(self) -> float:
        """When the policy was put into place, in seconds since 1970."""
        return self._published.changed_at

    @property
    def debug(self) -> bool | None:
        return self._debug

    @debug.setter
    def debug(self, value: bool | None) -> None:
        if value is not None:
            _raise(read_bool("debug", value, KEYWORDS)[1])
        self._debug = value

    @property
    def everywhere(self) -> None:
        """None: nothing is certain before a request comes. See ``policy_for``."""
        return None

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """All the policies that are served now, without repeats."""
        return self._published.policy.policies

    def policy_for(self, path: str, root_path: str = "") -> CORSPolicy | None:
        """The policy that covers the path now. None if none does. See ``Resources.policy_for``."""
        return self._published.policy.policy_for(path, root_path)

    def allows_origin(
        self, origin: str | None, *, credentials: bool = False, host: str | None = None
    ) -> bool:
        """The same as ``CORSPolicy.allows_origin``, by the policy that is served at the time of the call.

        For libraries that take a function, such as Socket.IO. ``live.policy.allows_origin`` would stay with
        the policy of now.

        Raises:
            TypeError: if the policy is Resources, because the path is not known; also if
                ``allow_origin_func`` is async.
        """
        policy = self._published.policy.everywhere
        if policy is None:
            raise TypeError("allows_origin needs a LivePolicy of a CORSPolicy. This one has Resources")
        return policy.allows_origin(origin, credentials=credentials, host=host)

    def replace(self, policy: _P, *, version: int | None = None) -> Published[_P]:
        """Serve this policy from now on, and tell the listeners.

        Decisions that were made before stay as they are, so responses on their way are not changed. Browsers
        keep what preflights allowed for ``max_age``.

        Args:
            policy: a CORSPolicy or Resources.
            version: its number, greater than the one of the policy that is served. Default: the next number.

        Returns:
            What is served now.

        Raises:
            PolicyError: if the policy cannot be used where this object is used, or the version is not
                greater. The old policy stays.

        Example:
            >>> live = LivePolicy(CORSPolicy())
            >>> live.replace(live.policy.replace(allow_origins="*"), version=10).version
            10
        """
        _raise(_check(policy))
        with self._lock:
            old = self._published
            new = Published(policy, old.version + 1 if version is None else version, time.time())
            of_use = collected(_require(policy, requirement) for requirement in self._requirements)
            _raise(of_use, _check_version(new.version, old.version))
            self._published = new
        self._changes.tell(new, new.version)
        return new

    def on_change(self, listener: Callable[[Published[_P]], object]) -> Callable[[], None]:
        """Call the function after each replacement, in the thread that replaces.

        If a listener raises, that is logged, and the others are still called. If two threads replace at once,
        the calls may come in either order. ``published.version`` tells.

        Args:
            listener: ``func(published: Published)``, not async.

        Returns:
            A function that ends this.

        Example:
            >>> live = LivePolicy(CORSPolicy())
            >>> end = live.on_change(lambda published: print("now version", published.version))
            >>> published = live.replace(CORSPolicy(allow_origins="*"))
            now version 2
            >>> end()
        """
        return self._changes.add(listener)

    def failed(self, error: Exception) -> None:
        """Tell the listeners of ``on_failure`` that a new policy could not be had. The old one stays.

        This is for code that brings new policies: call it once for each attempt that fails. ``replace`` does
        not call it. It raises, and its caller knows.

        Args:
            error: why: a PolicyError or another ValueError, if a document is wrong; anything else, such as an
                OSError, if there was none to read.

        Example:
            >>> live = LivePolicy(CORSPolicy())
            >>> end = live.on_failure(lambda error: print(type(error).__name__))
            >>> try:
            ...     published = live.replace(CORSPolicy(allow_origins="*", allow_credentials=True))
            ... except ValueError as error:
            ...     live.failed(error)
            PolicyError
        """
        self._failures.tell(error, self.version)

    def on_failure(self, listener: Callable[[Exception], object]) -> Callable[[], None]:
        """Call the function after each call of ``failed``, in the same thread.

        If a listener raises, that is logged, and the others are still called.

        Args:
            listener: ``func(error: Exception)``, not async.

        Returns:
            A function that ends this.
        """
        return self._failures.add(listener)


class _Listeners(Generic[_T]):
    """Functions that are told of something, in the order in which they came."""

    def __init__(self) -> None:
        self._tell: tuple[Callable[[_T, int], None], ...] = ()

    def add(self, listener: Callable[[_T], object]) -> Callable[[], None]:
        """Tell this one, too, until the returned function is called."""
        tell = partial(_tell, listener)  # a new object, also if the same listener is given twice
        with LivePolicy._lock:  # pyright: ignore[reportPrivateUsage]
            self._tell = (*self._tell, tell)

        def end() -> None:
            with LivePolicy._lock:  # pyright: ignore[reportPrivateUsage]
                self._tell = tuple(each for each in self._tell if each is not tell)

        return end

    def tell(self, news: _T, version: int) -> None:
        """Tell all of them. The version is that of the policy that is served."""
        for tell in self._tell:
            tell(news, version)


def is_live(value: object) -> TypeIs[LivePolicy[Any]]:
    """Whether the value is a LivePolicy. ``isinstance`` would not tell type checkers of which policies."""
    return isinstance(value, LivePolicy)


def current(policies: Policies) -> Policies:
    """What a LivePolicy serves now. Everything else is returned as it is."""
    return policies.policy if is_live(policies) else policies


def require(policies: Policies, requirement: Requirement) -> Findings:
    """What is wrong with these policies for one who uses them.

    If nothing is, every policy that replaces one of them has to meet the requirement, too. Give the same
    function each time, because it is kept.
    """
    with LivePolicy._lock:  # pyright: ignore[reportPrivateUsage]
        return _require(policies, requirement)


def _require(policies: Policies, requirement: Requirement) -> Findings:
    found = requirement(current(policies))
    if not found.problems:
        for live in _live_in(policies):
            kept = live._requirements  # pyright: ignore[reportPrivateUsage]
            if requirement not in kept:
                live._requirements = (*kept, requirement)  # pyright: ignore[reportPrivateUsage]
    return found


def _live_in(policies: Policies) -> Iterator[LivePolicy[Any]]:
    """The LivePolicy, or those that are values of Resources."""
    if is_live(policies):
        yield policies
    for each in getattr(current(policies), "live", ()):  # Resources has it, and stands above this module
        yield from _live_in(each)


def is_for_every_path(policies: Policies) -> Findings:
    """A requirement of views and of keys of Resources, which have no paths below them."""
    if policies.everywhere is not None:
        return Findings()
    message = "takes a CORSPolicy here, not Resources: it is used for a view, or for a key of Resources."
    return refused("wrong-type", "policy", policies, message, "Write CORSPolicy(...).")


def _check(policy: object) -> Findings:
    if is_policy(policy) and not is_live(policy):
        return Findings()
    message = f"takes a CORSPolicy or Resources, not {shown(policy)}."
    meant = "the policy in it, such as live.policy" if is_policy(policy) else of_policies(policy)
    return refused("wrong-type", "policy", policy, message, f"Write {meant}.")


def _check_version(version: object, old: int) -> Findings:
    if isinstance(version, int) and not isinstance(version, bool) and version > old:
        return Findings()
    message = f"takes a whole number greater than {old}, not {shown(version)}."
    return refused("version-not-greater", "version", version, message, f"Leave it out, or write {old + 1}.")


def _raise(*found: Findings) -> None:
    problems = collected(found).problems
    if problems:
        raise PolicyError(problems)


def _tell(listener: Callable[[_T], object], news: _T, version: int) -> None:
    try:
        listener(news)
    except Exception:
        with suppress(Exception):  # a handler or filter can raise
            message = "a listener of a LivePolicy failed; version %s of the policy is served"
            logging.getLogger("crosscors").exception(message, version)


def _renew_lock() -> None:
    LivePolicy._lock = threading.Lock()  # pyright: ignore[reportPrivateUsage]


with suppress(AttributeError):  # Windows cannot fork
    os.register_at_fork(after_in_child=_renew_lock)
