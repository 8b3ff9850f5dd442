"""What is not safe together with credentials, and the messages about it.

If a response depends on the user's cookies, every origin that an attacker can use or imitate is a hole: the
attacker's page reads and acts as the signed-in user.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from crosscors.core.errors import Problem, shown
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.public_suffixes import SuffixListError, public_suffix_list
from crosscors.core.origins.serialized import DEFAULT_PORTS, FILE, INSECURE_SCHEMES, NULL, is_loopback, split
from crosscors.core.origins.unlikely import on_this_machine
from crosscors.core.values import ANY, Findings, collected, read_strings, refused, without_repeats
from crosscors.core.words import Everyone, Words

OPTION = "dangerously_allow"

INSECURE_ORIGINS = "insecure-origins"
NULL_ORIGIN = "null-origin"
PUBLIC_SUFFIX_SUBDOMAINS = "public-suffix-subdomains"
UNPROVEN_REGEX = "unproven-regex"
DANGERS = (INSECURE_ORIGINS, NULL_ORIGIN, PUBLIC_SUFFIX_SUBDOMAINS, UNPROVEN_REGEX)


def read(value: object, words: Words) -> tuple[tuple[str, ...], Findings]:
    """``dangerously_allow`` in its final form."""
    names, found = read_strings(OPTION, value, '["insecure-origins"]', words)
    found += collected(_unknown(name, words) for name in names if name not in DANGERS)
    known, repeats = without_repeats(OPTION, (name for name in names if name in DANGERS), words)
    return known, found + repeats


def _unknown(name: str, words: Words) -> Findings:
    nearest = difflib.get_close_matches(name, DANGERS, n=1)
    hint = f'Write "{nearest[0]}".' if nearest else f"The valid names are {', '.join(DANGERS)}."
    message = f"{shown(name)} is not a valid name."
    return refused("unknown-danger", words.name(OPTION), name, message, hint)


def is_insecure(scheme: str, host: str) -> bool:
    """Whether anyone on the network path can pose as this origin.

    Secure Contexts, "Is origin potentially trustworthy?".
    """
    return scheme in INSECURE_SCHEMES and not is_loopback(host.removeprefix("*."))


def entry_problems(
    option: str, entry: str, dangers: tuple[str, ...], words: Words, *, allows_everyone: bool = False
) -> Iterator[Problem]:
    """The problems of a well-formed entry that gets credentials, except those that are accepted.

    Args:
        allows_everyone: whether every origin is allowed without credentials already.

    Raises:
        SuffixListError: if the public suffix list is needed and cannot be read.
    """
    name = words.name(option)
    if entry == ANY:
        everyone = words.everyone() if option == "allow_origins" else Everyone(name, "")
        yield _everyone_with_credentials(everyone, words, is_there=allows_everyone)
        return
    if entry in ORIGINS_OF_ANYBODY:
        if NULL_ORIGIN not in dangers:
            message = f'"{entry}" is not safe with credentials: {ORIGINS_OF_ANYBODY[entry]}.'
            hint = opt_in("Leave it out", NULL_ORIGIN, words, dangers)
            yield Problem("null-with-credentials", name, entry, message, hint)
        return
    scheme, host, _ = split(entry)
    if INSECURE_ORIGINS not in dangers and is_insecure(scheme, host):
        message = f"{shown(entry)} is not safe with credentials: {ANYONE_ON_THE_PATH}."
        secure = on_this_machine(entry) or _over_https(entry)
        hint = opt_in(f'Write "{secure}"' if secure else "Use https", INSECURE_ORIGINS, words, dangers)
        yield Problem("insecure-origin-with-credentials", name, entry, message, hint)
    domain = host.removeprefix("*.").removesuffix(".")
    if PUBLIC_SUFFIX_SUBDOMAINS not in dangers and has_many_owners(scheme, host):
        message = f"{shown(entry)} is not safe with credentials: {owners_below(domain)}."
        hint = opt_in(_instead_of_pattern(entry, domain), PUBLIC_SUFFIX_SUBDOMAINS, words, dangers)
        yield Problem("public-suffix-with-credentials", name, entry, message, hint)


def is_safe_entry(entry: str, accepted: tuple[str, ...] | None, words: Words) -> bool:
    """Whether an entry may be written in a hint.

    Args:
        accepted: the dangers that are accepted, if the entry gets credentials; otherwise None.
    """
    try:
        return accepted is None or not any(entry_problems("allow_origins", entry, accepted, words))
    except SuffixListError:
        return False


def _everyone_with_credentials(everyone: Everyone, words: Words, *, is_there: bool) -> Problem:
    message = (
        f'{everyone.remark}browsers refuse "*" with credentials; a server that sends the caller\'s origin '
        "instead lets every site on the web act as your signed-in users."
    )
    listed = words.setting("allow_credentials", '["https://app.example.com"]')
    others = words.setting("allow_origins", '"*"')
    more = (
        "All others are then allowed without credentials."
        if is_there
        else f"To allow all others without credentials, write {others}."
    )
    hint = f"List the origins that need credentials: {listed}. {more}"
    return Problem("wildcard-with-credentials", everyone.option, ANY, message, hint)


ANYONE_ON_THE_PATH = "anyone on the network path can act as your signed-in users"
ORIGINS_OF_ANYBODY = {
    NULL: "any site can send it from a sandboxed frame",
    FILE: "any local file can send it",
}


def opt_in(instead: str, danger: str, words: Words, accepted: tuple[str, ...]) -> str:
    """A hint: what to write instead, or how to accept the danger in addition to those that are accepted."""
    names = ", ".join(f'"{name}"' for name in (*accepted, danger))
    return f"{instead}, or accept the danger with {words.setting(OPTION, f'[{names}]')}."


def _over_https(entry: str) -> str | None:
    """The entry over https; None if that makes no sense."""
    scheme, host, port = split(entry)
    if scheme != "http":
        return None
    secure = f"https://{host}{'' if port == ':443' else port}"
    return secure if is_entry(secure) and not has_many_owners("https", host) else None


def has_many_owners(scheme: str, host: str) -> bool:
    """Whether the host is a pattern for names that can have different owners."""
    domain = host.removeprefix("*.").removesuffix(".")
    if domain == host.removesuffix(".") or scheme not in DEFAULT_PORTS or is_loopback(domain):
        return False
    return public_suffix_list().has_many_owners(domain)


def owners_below(domain: str) -> str:
    """Why names below the domain are not safe."""
    suffixes = public_suffix_list()
    if not suffixes.knows(domain):
        return f"the public suffix list does not know who owns names under {domain}"
    if suffixes.rules.is_public(domain):
        return f"names under {domain} belong to many owners"
    return f"names under {suffixes.parents[domain]} belong to many owners"


def _instead_of_pattern(entry: str, domain: str) -> str:
    scheme, _, port = split(entry)
    scheme = "https" if is_insecure(scheme, domain) else scheme
    if public_suffix_list().is_registry(domain):
        return f'Write your own domain, such as "{scheme}://*.example.{domain}{port}"'
    host = example_below(domain)
    return "List your own origins" + (f', such as "{scheme}://{host}{port}"' if host else "")


def example_below(domain: str) -> str | None:
    """A host below the domain that has one owner, as an example; None if it cannot be guessed."""
    suffixes = public_suffix_list()
    if not suffixes.knows(domain):
        return None
    suffix = domain if suffixes.rules.is_public(domain) else suffixes.parents[domain]
    return None if suffixes.has_many_owners(f"example.{suffix}") else f"example.{suffix}"


def unreadable_list(error: SuffixListError, words: Words) -> Problem:
    """The problem of a public suffix list that is needed, but cannot be read."""
    message = (
        "with credentials, patterns and regular expressions need the public suffix list, "
        f"which cannot be read: {shown(str(error))}."
    )
    hint = (
        "Run: pip install --force-reinstall publicsuffixlist. If you pack the application into one file "
        "(PyInstaller, zipapp), include the data file of publicsuffixlist."
    )
    return Problem("suffix-list-unreadable", words.name("allow_credentials"), None, message, hint)
