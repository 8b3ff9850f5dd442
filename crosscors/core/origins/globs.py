"""What a glob stands for that is not a pattern of ours: ``https://app-*.example.com``, ``192.168.0.0/16``.

Only hints use this: the expression is shown, so that the author sees what it lets in.
"""

from __future__ import annotations

import ipaddress
import re

from crosscors.core.origins.serialized import DEFAULT_PORTS

_GLOB = re.compile(r"(https?)://([a-z0-9.*-]+)(:\*|:[1-9][0-9]*)?/?", re.IGNORECASE)
_ANY_PORT = r"(:\d+)?"
_BYTE = r"\d{1,3}"
_BYTES = 4  # of an IPv4 address
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.(?:[0-9]{1,3}|\*))+")
_ADDRESS_RANGE = re.compile(r"(https?)://([0-9]+(?:\.[0-9]+){3}/(?:8|16|24))", re.IGNORECASE)


def expression_of(text: str) -> str | None:
    r"""The expression for what a glob stands for; None if it is not one.

    >>> print(expression_of("https://app-*.example.com"), expression_of("http://192.168.0.0/16"))
    https://app-[a-z0-9-]+\.example\.com http://192\.168\.\d{1,3}\.\d{1,3}
    """
    glob = _GLOB.fullmatch(_as_glob(text))
    if glob is None or "*" not in glob[2]:
        return None
    scheme, host, port = glob[1].lower(), glob[2].lower(), glob[3] or ""
    if port == ":*":
        port = "" if host == "*" else _ANY_PORT
    elif port == f":{DEFAULT_PORTS[scheme]}":
        port = ""
    return f"{scheme}://{_of_host(host)}{port}"


def _as_glob(text: str) -> str:
    """The range of addresses as a glob, if the text is one; otherwise the text."""
    found = _ADDRESS_RANGE.fullmatch(text)
    if found is None:
        return text
    try:
        network = ipaddress.IPv4Network(found[2], strict=False)
    except ValueError:
        return text
    given = str(network.network_address).split(".")[: network.prefixlen // 8]
    return f"{found[1]}://{'.'.join([*given, *'*' * (_BYTES - len(given))])}"


def _of_host(host: str) -> str:
    if host == "*":
        return ".*"
    labels = host.split(".")
    if _ADDRESS.fullmatch(host) and len(labels) <= _BYTES:
        missing = [_BYTE] * (_BYTES - len(labels))
        return r"\.".join([*(_BYTE if each == "*" else each for each in labels), *missing])
    return r"\.".join(each.replace("*", "[a-z0-9-]+") for each in labels)
