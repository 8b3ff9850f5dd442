"""URLs and their origins, as much as a browser needs to fetch over HTTP.

Section names in the comments are those of the URL standard (https://url.spec.whatwg.org/).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
# "percent-encode sets": these characters, letters and digits stay as they are.
_OF_PATHS = "/%:@!$&'()*+,;=~[]|"
_OF_QUERIES = "/%:@!$&()*+,;=~?[]|^\\`{}"
# "forbidden domain code point"
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20#/:<>?@\[\\\]^|%\x7f]")
_SCHEME = re.compile("([a-zA-Z][a-zA-Z0-9+.-]*):")
_ABSOLUTE = re.compile(f"{_SCHEME.pattern}//")
_LITERAL = re.compile(r"(?:^|@)\[(.*)\](?::[0-9]*)?$")
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")
# "C0 control or space": removed around a URL. str.strip() alone removes more.
_AROUND = "".join(map(chr, range(0x21)))
_BEYOND_ASCII = re.compile("[\x80-\xff]")


@dataclass(frozen=True)
class URL:
    """An absolute URL, with parts as the URL standard serializes them."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str
    userinfo: str

    @property
    def has_credentials(self) -> bool:
        """Whether it "includes credentials": a user name or a password."""
        return bool(self.userinfo.strip(":"))

    @property
    def netloc(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The serialized origin (HTML, "ASCII serialization of an origin")."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def target(self) -> str:
        """Path and query, as in the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def href(self) -> str:
        """The URL with its fragment, without credentials."""
        return f"{self}#{self.fragment}" if self.fragment else str(self)

    @property
    def seen_by_script(self) -> str:
        """The URL as a script reads it: without the fragment, with credentials."""
        return f"{self.scheme}://{self.userinfo}@{self.netloc}{self.target}" if self.userinfo else str(self)

    def __str__(self) -> str:
        """The URL as it is requested: without fragment and credentials."""
        return self.origin + self.target


def parse(url: str, base: str | None = None) -> URL:
    """Parses the text as a URL, relative to the base.

    Raises ValueError if the result is not an absolute URL with a host.

    >>> str(parse("items?page=2", "HTTPS://API.example.com:443/v1/"))
    'https://api.example.com/v1/items?page=2'
    """
    text = re.sub("[\t\n\r]", "", url.strip(_AROUND))
    if not has_other_scheme(text):
        before, mark, after = text.partition("?")
        text = before.replace("\\", "/") + mark + after  # "special" schemes accept either
        if text.startswith("//") and not text.strip("/"):
            raise ValueError(f"{url!r} has no host")
    joined = text if base is None or _ABSOLUTE.match(text) else _joined(base, text)
    parts = urlsplit(joined)
    if not parts.scheme or not parts.hostname:
        raise ValueError(f"{url!r} is not an absolute URL")
    scheme, port = parts.scheme.lower(), parts.port
    literal = _LITERAL.search(parts.netloc)
    # urlsplit does not distinguish an empty query from none.
    _, mark, own_query = text.partition("#")[0].partition("?")
    query = own_query if mark else parts.query or None
    return URL(
        scheme=scheme,
        host=_serialized_ipv6(literal[1]) if literal else _serialized_host(parts.hostname),
        port=None if port == DEFAULT_PORTS.get(scheme) else port,
        path=quote(_without_dots(parts.path), safe=_OF_PATHS),
        query=None if query is None else quote(query, safe=_OF_QUERIES),
        fragment=parts.fragment,
        userinfo=parts.netloc.rpartition("@")[0],
    )


def has_other_scheme(text: str) -> bool:
    """Whether the text begins with a scheme other than http and https."""
    found = _SCHEME.match(text.strip(_AROUND))
    return found is not None and found[1].lower() not in {"http", "https"}


def with_bytes_encoded(text: str) -> str:
    """Percent-encodes each byte outside ASCII in text that was decoded as Latin-1.

    >>> with_bytes_encoded("/caf\\u00c3\\u00a9")
    '/caf%C3%A9'
    """
    return _BEYOND_ASCII.sub(lambda byte: f"%{ord(byte[0]):02X}", text)


def is_url(text: str) -> bool:
    """Whether the text is an absolute URL with a host."""
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _joined(base: str, text: str) -> str:
    if text.startswith(("/", "?", "#")) or not text or _SCHEME.match(text):
        return urljoin(base, text)
    # urljoin() would drop the empty segments of such a path.
    url = parse(base)
    return f"{url.origin}{url.path.rpartition('/')[0]}/{text}"


def _serialized_host(host: str) -> str:
    """Parses the host ("host parsing") and serializes it. Raises ValueError."""
    name = unquote(host).lower()
    ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
    if _NOT_IN_HOSTS.search(ascii_name):
        raise ValueError(f"{host!r} is not a valid host")
    if _NUMBER.fullmatch(ascii_name.rstrip(".").rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(socket.inet_aton(ascii_name.rstrip("."))))
        except OSError:
            raise ValueError(f"{host!r} is not a valid host") from None
    return ascii_name


def _serialized_ipv6(literal: str) -> str:
    """The IPv6 address between brackets, serialized. Raises ValueError."""
    if "%" in literal:
        raise ValueError(f"{literal!r} has a zone")
    address = ipaddress.IPv6Address(literal)
    if address.ipv4_mapped is None:
        return f"[{address.compressed}]"
    number = int(address.ipv4_mapped)
    return f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]"


def _without_dots(path: str) -> str:
    """The path without its "single-dot" and "double-dot URL path segments"."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for segment in segments:
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            kept = kept[:-1]
        elif plain != ".":
            kept.append(segment)
    if segments[-1].lower().replace("%2e", ".") in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
