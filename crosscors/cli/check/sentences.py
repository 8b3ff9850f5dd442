"""What a policy means, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crosscors.cli.check.checked import InForce
from crosscors.core.policy import CORSPolicy
from crosscors.core.values import ANY

_MOST_LISTED = 10


def sentences(in_force: InForce) -> list[str]:
    """What the policy lets pages do there.

    >>> policy = CORSPolicy(
    ...     allow_origins=["https://app.example.com"],
    ...     allow_methods=["GET", "PUT"],
    ...     allow_headers=["Authorization"],
    ...     allow_credentials=True,
    ... )
    >>> sentences(InForce("/api/*", policy))[0]
    'Pages on https://app.example.com may send GET and PUT with cookies and Authorization to /api/*.'
    """
    where, policy = in_force.where, in_force.policy
    if policy is None:
        return [f"No policy covers {where}. The application answers by itself."]
    groups = list(_groups(policy))
    if not groups:
        return [f"No page of another origin may read responses of {where.replace('every', 'any', 1)}."]
    return [*(_may_send(who, policy, where, cookies) for who, cookies in groups), *_more(policy)]


def _groups(policy: CORSPolicy) -> Iterator[tuple[str, bool]]:
    """The pages that are allowed, and whether with cookies."""
    with_cookies = policy.allow_credentials
    if isinstance(with_cookies, tuple):
        yield _pages(with_cookies), True
    others = [
        each for each in policy.allow_origins if with_cookies is True or each not in _listed(with_cookies)
    ]
    is_credentialed = with_cookies is True
    if others:
        yield _pages(others, is_rest=isinstance(with_cookies, tuple)), is_credentialed
    if policy.allow_origin_regex is not None:
        yield f"pages of origins that match {policy.allow_origin_regex.pattern}", is_credentialed
    if policy.allow_origin_func is not None:
        name = getattr(policy.allow_origin_func, "__qualname__", type(policy.allow_origin_func).__name__)
        yield f"pages of origins that the function {name} lets in", is_credentialed


def _listed(with_cookies: bool | tuple[str, ...]) -> tuple[str, ...]:
    return with_cookies if isinstance(with_cookies, tuple) else ()


def _pages(entries: Sequence[str], *, is_rest: bool = False) -> str:
    if ANY in entries:
        return "all other pages" if is_rest else "all pages"
    named = {"null": "sandboxed pages (null)", "file://": "local files (file://)"}
    on = [each for each in entries if each not in named]
    return listed(
        [*([f"pages on {listed(on)}"] if on else []), *(named[each] for each in entries if each in named)]
    )


def _may_send(who: str, policy: CORSPolicy, where: str, cookies: bool) -> str:
    methods = "any usual method" if ANY in policy.allow_methods else listed(_methods(policy))
    carried = [*(["cookies"] if cookies else []), *_headers(policy.allow_headers)]
    with_what = f" with {listed(carried)}" if carried else ""
    without = "" if cookies else " without cookies" if not carried else ", without cookies,"
    return f"{_capitalized(who)} may send {methods}{with_what}{without} to {where}."


def _methods(policy: CORSPolicy) -> Sequence[str]:
    return policy.allow_methods or ("simple requests",)


def _headers(names: Sequence[str]) -> Sequence[str]:
    return ["any header"] if ANY in names else names


def _more(policy: CORSPolicy) -> Iterator[str]:
    if policy.expose_headers:
        yield f"They may read {_exposed(policy.expose_headers)}."
    if policy.timing_allow_origin:
        yield "They may see in detail how long a response took."
    yield about_preflights(policy)


def about_preflights(policy: CORSPolicy) -> str:
    """How long browsers keep preflights."""
    return f"Browsers {_kept(policy.max_age)}."


def _exposed(names: Sequence[str]) -> str:
    if ANY in names:
        return "all response headers"
    return f"the response header{'s' if len(names) > 1 else ''} {listed(names)}"


def _kept(seconds: int | None) -> str:
    if seconds is None:
        return "keep preflights for 5 seconds, their default"
    return (
        f"may keep preflights for {duration(seconds)}"
        if seconds
        else "send a preflight before each request that needs one"
    )


def duration(seconds: int) -> str:
    """The time in the largest unit that fits.

    >>> duration(7200), duration(60), duration(90)
    ('2 hours', '1 minute', '90 seconds')
    """
    unit, length = next(each for each in _UNITS if seconds % each[1] == 0)
    count = seconds // length
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"


_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def listed(items: Iterable[str]) -> str:
    """The items as a list in a sentence, cut after ten.

    >>> listed("abc"), listed("a")
    ('a, b and c', 'a')
    """
    every = list(items)
    if len(every) > _MOST_LISTED:
        every = [*every[:_MOST_LISTED], f"{len(every) - _MOST_LISTED} more"]
    *first, last = every
    return f"{', '.join(first)} and {last}" if first else last


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
