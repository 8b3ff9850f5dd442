"""Request headers: which a script may set, which are safelisted, and how a preflight names the others."""

from ..model import ANYONE, Case, Fetch, answer, case


def allow(*names: str) -> str:
    return f"Access-Control-Allow-Headers: {', '.join(names)}"


# Without numbers in Range that Chromium rewrites (00) or that no engine can hold.
# A preflight would be refused here: what is safelisted passes, and what is not is named in the preflight.
VALUES = {
    "Accept": (
        *("text/html", "", "a" * 127, "a" * 128, "a" * 129, "a\tb", "é", "*/*;q=0.1, x/y", "a  b", "a/b;c=d"),
        *(f"a{byte}b" for byte in '"():<>?@[\\]{}\x7f\x01\x1f'),
    ),
    "Accept-Language": (
        *("en", "", "a" * 128, "a" * 129, "en-US, de;q=0.5", "*", "a=b", "a.b", "0", "é"),
        *(f"a{byte}b" for byte in '_/@:"\t(<!'),
    ),
    "Content-Language": ("en-US, de;q=0.5", "a" * 128, "a" * 129, "en_US", "a/b", "a\tb"),
    "Content-Type": (
        *("text/plain", "TEXT/Plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("text/plain;charset=utf-8", "text/plain ; charset=utf-8", "text/plain;", "text/plain; a=b; c"),
        *('text/plain; charset="utf-8"', "text/plain, text/plain", "text/plain; a=<", "text/plain;a=b:c"),
        *("application/json", "text/html", "text", "text/", "/plain", "", "charset=utf-8", "text /plain"),
        *(
            "text/plain; " + "a" * 116,
            "text/plain; " + "a" * 117,
            "text/plain; a=é",
            "application/csp-report",
        ),
        *("text/plain\tx", "multipart/mixed", "*/*"),
    ),
    "Range": (
        *("bytes=0-", "bytes=0-9", "bytes=5-5", "bytes=9-0", "bytes=-5", "bytes=0-1,2-3"),
        *("bytes= 0-1", "bytes=0 -1", "bytes =0-1", "Bytes=0-1", "items=0-1", "bytes=", "bytes=-", "0-1", ""),
        *("bytes=0", "bytes=0-1x", "bytes=a-", "bytes=0-9999999999", "bytes=10-9"),
        *("bytes=" + "0" * 122 + "-", "bytes=\t0-1"),
    ),
    "Last-Event-ID": ("1",),
    "Save-Data": ("on", "ON", "", "off", "on, on", "on;a=b", "?1", "1"),
    "DPR": (
        *("2.0", "2", "007", "1" * 128, "1" * 129, " 1 ", "", ".5", "1.", "1.5.2", "-1", "+1", "1e2"),
        *("1, 2", "1 1", "1_0", "x", "inf", "2.0;a", "\xb2"),
    ),
    "Device-Memory": ("0.5", "8", "", "-1", "1.", "0,5", "x"),
    "Viewport-Width": ("100", "", "-1", "1.5", "x"),
    "Width": ("100", "", "-1", "1.5", "1px"),
    "Downlink": ("1", "1.5", "", "-1", "1.", "Infinity"),
    "RTT": ("100", "0", "", "-1", "+1", "1.5", "1 1", "x"),
    "ECT": ("slow-2g", "2g", "3g", "4g", "", "4G", "5g", "6g", "-2g", "slow-3g", "4g, 4g", "offline", "on"),
    "Intervention": ("x", "", "a(b", "a" * 128, "a" * 129),
    "Purpose": ("prefetch",),
    "If-None-Match": ('"1"',),
    "Cache-Control": ("no-cache",),
    "Pragma": ("no-cache",),
    "User-Agent": ("mine",),
    "X-Requested-With": ("XMLHttpRequest",),
    "Authorization": ("Bearer x",),
}


def shown(value: str) -> str:
    """The value, or for long ones how long it is, for the name of a case."""
    return ascii(value) if len(value) < 60 else f"{value[:16]!a}... of {len(value)} bytes"


UNANNOUNCED = tuple(
    case(f"{name} of {shown(value)}", Fetch(headers={name: value}), preflight=answer(ANYONE))
    for name, values in VALUES.items()
    for value in values
)

ANNOUNCED = tuple(
    case(
        f"{name} of {shown(value)}, which is allowed",
        Fetch(method="POST", headers={name: value}),
        preflight=answer(ANYONE, allow(name)),
    )
    for name, value in (
        ("Accept", "a" * 129),
        ("Accept", "a(b"),
        ("Accept-Language", "en_US"),
        ("Content-Language", "en_US"),
        ("Content-Type", "application/json"),
        ("Range", "bytes=-5"),
        ("Last-Event-ID", "1"),
        ("Cache-Control", "no-cache"),
        ("User-Agent", "mine"),
        ("Authorization", "Bearer x"),
        ("X-Latin", "é"),
        ("X-Empty", ""),
        ("X-Padded", " \t a b \t"),
        ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Cookie3", "a=b"),
        ("Security", "not Sec-"),
        ("Proxy", "not Proxy-"),
    )
)

DROPPED = tuple(
    case(
        f"{name} of {value!r} is not for a script to set",
        Fetch(method="POST", headers={name: value, "X-A": "1"}),
        preflight=answer(ANYONE, allow("X-A", name)),
    )
    for name, value in (
        *((name, "mine") for name in ("Accept-Charset", "Accept-Encoding", "Access-Control-Request-Headers")),
        *((name, "mine") for name in ("Access-Control-Request-Method", "Connection", "Cookie", "Cookie2")),
        *((name, "mine") for name in ("Date", "DNT", "Expect", "Host", "Keep-Alive", "Origin", "origin")),
        *((name, "mine") for name in ("Referer", "Set-Cookie", "TE", "Trailer", "Transfer-Encoding")),
        *(
            (name, "mine")
            for name in ("Upgrade", "Via", "Sec-Mine", "sec-", "Proxy-Mine", "PROXY-Authorization")
        ),
        ("Content-Length", "5"),
        ("X-HTTP-Method-Override", "TRACE"),
        ("X-HTTP-Method", "get, track"),
        ("x-method-override", "Connect"),
    )
)

OVERRIDES = tuple(
    case(
        f"{name} of {value!r} is a header like others",
        Fetch(method="POST", headers={name: value}),
        preflight=answer(ANYONE, allow(name)),
    )
    for name, value in (
        ("X-HTTP-Method-Override", "PUT"),
        ("X-HTTP-Method", "TRACER"),
        ("X-Method-Override", '"TRACE"'),
    )
)

THROWING = tuple(
    case(f"a header {name!r} of {value!r} throws", Fetch(headers={name: value}))
    for name, value in (
        *((name, "1") for name in ("X A", "", "X:", "X\n", "é", "X(", "→")),
        *(("X-A", value) for value in ("a\nb", "a\rb", "a\0b", "→")),
    )
)

# The preflight is refused and tells what was asked for.
NAMED = tuple(
    case(f"a preflight names {what}", Fetch(method="POST", headers=headers), preflight=answer(ANYONE))
    for what, headers in (
        ("names in lower case", {"X-ABC": "1"}),
        ("names in order", {"X-C": "1", "X-A": "1", "X-B": "1"}),
        (
            "names in the order of bytes",
            {"X_A": "1", "X-Z": "1", "X1": "1", "X": "1", "X~": "1", "XA": "1", "X-": "1"},
        ),
        ("a name once", {"X-A": "1", "x-a": "2", "X-a": "3"}),
        ("tokens of all characters", {"!#$%&'*+-.^_`|~09azAZ": "1"}),
        ("forty names", {f"X-Number-{number}": "1" for number in range(40)}),
        ("nothing safelisted", {"Accept": "a/b", "X-A": "1", "Content-Type": "text/plain"}),
        ("a safelisted name with another value", {"Accept": "a(b", "X-A": "1", "Accept-Language": "en"}),
        ("Content-Type among others", {"X-A": "1", "Content-Type": "application/json", "A": "1", "Z": "1"}),
        ("nothing forbidden", {"X-A": "1", "Cookie": "a=b", "Sec-B": "1", "Host": "x"}),
        ("client hints that no script may set", {"X-A": "1", "Sec-CH-UA": "x"}),
        ("a client hint that is set twice", {"DPR": "1", "dpr": "2"}),
        ("client hints with valid and invalid values", {"RTT": "100", "ECT": "6g", "Width": "-1"}),
    )
)


def spellings(count: int) -> list[str]:
    """Names that are all Accept, each a line of its own in the script's list."""
    return [
        "".join(letter.upper() if index >> place & 1 else letter for place, letter in enumerate("accept"))
        for index in range(count)
    ]


TOTALS = tuple(
    case(
        f"Accept {count} times, of {size} bytes each",
        Fetch(headers=dict.fromkeys(spellings(count), "a" * size)),
        preflight=answer(ANYONE),
    )
    for count, size in ((2, 63), (2, 64), (2, 128), (8, 128), (9, 128), (2, 129))
)

ALLOWED = tuple(
    case(f"{what}", Fetch(method="POST", headers=headers), preflight=answer(ANYONE, line))
    for what, headers, line in (
        ("one header that is allowed", {"X-A": "1"}, allow("X-A")),
        ("one header that is allowed in other case", {"x-A": "1"}, allow("X-a")),
        ("two headers, one of them allowed", {"X-A": "1", "X-B": "1"}, allow("X-A")),
        ("two headers, both allowed in another order", {"X-A": "1", "X-B": "1"}, allow("X-B", "X-C", "X-A")),
        ("a header given twice", {"X-A": "1", "x-a": "2"}, allow("X-A")),
        ("a safelisted header beside one that is allowed", {"X-A": "1", "Accept": "a/b"}, allow("X-A")),
        ("a header that is the start of an allowed one", {"X-A": "1"}, allow("X-AB")),
        ("a header that begins with an allowed one", {"X-AB": "1"}, allow("X-A")),
        (
            "forty headers, all allowed",
            {f"X-{n}": "1" for n in range(40)},
            allow(*(f"X-{n}" for n in range(40))),
        ),
        (
            "forty headers, all but one allowed",
            {f"X-{n}": "1" for n in range(40)},
            allow(*(f"X-{n}" for n in range(39))),
        ),
        ("a header of odd characters", {"!#$%&'*+-.^_`|~": "1"}, allow("!#$%&'*+-.^_`|~")),
    )
)

CASES: tuple[Case, ...] = (
    *(*UNANNOUNCED, *ANNOUNCED, *DROPPED, *OVERRIDES, *THROWING),
    *(*NAMED, *TOTALS, *ALLOWED),
)
