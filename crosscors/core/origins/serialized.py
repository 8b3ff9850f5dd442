"""Serialized origins: what a browser sends in Origin.

A serialized origin is ``scheme://host`` or ``scheme://host:port``, without the scheme's default port and
without a path. Section names in the comments are those of the Fetch, HTML and URL standards
(https://spec.whatwg.org/).

Five schemes are special in the URL standard: their hosts are domains and addresses, in lower case. Apps and
browser extensions have schemes of their own (``capacitor://localhost``, ``app://.``). Their hosts are opaque:
browsers do not take them apart, and use no network for them.
"""

from __future__ import annotations

import ipaddress
import re
import string

NULL = "null"  # HTML, "serialization of an origin": what every opaque origin is sent as.
FILE = "file://"  # some apps send this instead of null; any local file can have it, too

# URL, "special scheme" and its default port; a browser leaves the default port out.
DEFAULT_PORTS = {"ftp": "21", "http": "80", "https": "443", "ws": "80", "wss": "443"}

# Schemes that go over the network in plain text. Schemes of apps use no network.
INSECURE_SCHEMES = frozenset(DEFAULT_PORTS) - {"https", "wss"}

# URL, "origin": pages with these have the origin null, or none, or (blob) that of the page that made it.
SCHEMES_WITHOUT_ORIGIN = frozenset({"about", "blob", "data", "file", "javascript"})

MAX_SCHEME_LENGTH = 64  # no standard sets a limit; no scheme in use comes near
MAX_LABEL_LENGTH = 63  # RFC 1035, section 2.3.4
MAX_HOST_LENGTH = 253
MAX_PORT = 65535
MAX_LENGTH = MAX_SCHEME_LENGTH + len("://") + MAX_HOST_LENGTH + len(":65535")

# URL, "opaque-host string": URL units without forbidden host code points; and without "*", for patterns.
OPAQUE_HOST_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._~!$&'()+,;=%")

# Fetch, "`Origin` header": scheme "://" host [ ":" port ].
_SERIALIZED = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:]+\]|(?:[A-Za-z0-9._~!$&'()+,;=-]|%[0-9A-Fa-f]{2})+)(?::([1-9][0-9]{0,4}))?"
)
_DOMAIN = re.compile(r"[a-z0-9_.-]+")
# What most of them look like: two or three labels, the last one not a number, and no port. This check takes
# 0.3 microseconds, all the rules take 1.3.
_ORDINARY = re.compile(r"https?://(?:(?!xn--)[a-z0-9_-]{1,63}\.){1,2}(?!xn--)[a-z][a-z0-9_-]{0,62}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PUNYCODE = "xn--"


def is_serialized_origin(text: str) -> bool:
    """Whether a browser could send this text, byte for byte, as an origin other than ``null``.

    >>> is_serialized_origin("https://example.com"), is_serialized_origin("https://example.com/")
    (True, False)
    """
    if len(text) > MAX_LENGTH:
        return False
    if _ORDINARY.fullmatch(text):
        return True
    parts = _SERIALIZED.fullmatch(text)
    if parts is None:
        return text == FILE
    scheme, host, port = parts.groups()
    return (
        len(scheme) <= MAX_SCHEME_LENGTH
        and is_serialized_host(scheme, host)
        and (port is None or (int(port) <= MAX_PORT and port != DEFAULT_PORTS.get(scheme)))
    )


def is_serialized_host(scheme: str, host: str) -> bool:
    """Whether the host is in the one form that browsers give it (URL, "host serializer")."""
    if scheme in SCHEMES_WITHOUT_ORIGIN:
        return False
    if host.startswith("["):
        return host == serialize_ipv6(host)
    if scheme not in DEFAULT_PORTS:
        return len(host) <= MAX_HOST_LENGTH  # URL, "opaque-host parser"
    labels = host.removesuffix(".").split(".")
    if len(host) > MAX_HOST_LENGTH or not _DOMAIN.fullmatch(host) or not all(map(is_label, labels)):
        return False
    # URL, "ends in a number": such a host is an IPv4 address, or not valid.
    return _is_ipv4(host) if is_number(labels[-1]) else True


def is_label(label: str) -> bool:
    """Whether a domain can have this label. All its characters must be ones that labels can have.

    URL, "domain to ASCII": Punycode must decode, and to something that needs Punycode.

    >>> is_label("xn--bcher-kva"), is_label("xn--f"), is_label("")
    (True, False, False)
    """
    if not 0 < len(label) <= MAX_LABEL_LENGTH:
        return False
    if not label.startswith(_PUNYCODE):
        return True
    encoded = label.removeprefix(_PUNYCODE).encode("ascii")
    try:
        decoded = encoded.decode("punycode")
        return not decoded.isascii() and decoded.encode("punycode") == encoded and bool(decoded.encode())
    except (UnicodeError, OverflowError):  # a lone surrogate has no UTF-8 either
        return False


def is_number(label: str) -> bool:
    """Whether a host with this last label is an IPv4 address, or not valid (URL, "ends in a number")."""
    return _NUMBER.fullmatch(label) is not None


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def serialize_ipv6(host: str) -> str | None:
    """The bracketed IPv6 address as browsers write it; None if it is not valid (URL, "IPv6 serializer").

    >>> serialize_ipv6("[0:0::1]")
    '[::1]'
    """
    if "%" in host or not host.endswith("]"):  # URL has no zone identifiers
        return None
    try:
        address = ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return None
    if address.ipv4_mapped is not None:  # the standard library writes these with dots, browsers do not
        high, low = divmod(int(address) & 0xFFFFFFFF, 0x10000)
        return f"[::ffff:{high:x}:{low:x}]"
    return f"[{address.compressed}]"


def is_loopback(host: str) -> bool:
    """Whether requests to the host never leave the machine: localhost, its subdomains, 127.0.0.0/8, ::1.

    Secure Contexts, "Is origin potentially trustworthy?", trusts these over plain http.
    """
    name = host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return host == "[::1]" or (host.startswith("127.") and _is_ipv4(host))


def split(origin: str) -> tuple[str, str, str]:
    """Scheme, host and port (with its colon, or empty) of a serialized origin or pattern.

    Never raises. If the text is neither, the parts mean nothing.

    >>> split("http://[::1]:3000")
    ('http', '[::1]', ':3000')
    """
    scheme, _, authority = origin.partition("://")
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return scheme, authority, ""
    return scheme, host, colon + port
