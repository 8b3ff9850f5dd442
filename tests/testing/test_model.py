"""A naive model of the CORS protocol, written down from the Fetch standard step by step, against `Browser`.

It shares nothing with crosscors.testing, and prefers being obvious to being short or fast.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import event, given, settings
from hypothesis import strategies as st

from crosscors.testing import BlockedByCORS, ReceivedResponse
from crosscors.testing.request import Credentials
from tests.properties import conftest  # noqa: F401 (its settings: MAX_EXAMPLES, the same on every run)

from .servers import PAGE, answering, browser_of

Pairs = list[tuple[str, str]]

TOKEN = set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
UNSAFE_BYTES = {*range(0x09), *range(0x0A, 0x20), *b'"():<>?@[\\]{}', 0x7F}
LANGUAGE_BYTES = set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz *,-.;=")


# "CORS-safelisted request-header"
def model_is_safelisted(name: str, value: str) -> bool:  # noqa: PLR0911 (as the standard is written)
    data = value.encode("latin-1")
    if len(data) > 128:
        return False
    if name.lower() == "accept":
        return not any(byte in UNSAFE_BYTES for byte in data)
    if name.lower() in ("accept-language", "content-language"):
        return all(byte in LANGUAGE_BYTES for byte in data)
    if name.lower() == "content-type":
        if any(byte in UNSAFE_BYTES for byte in data):
            return False
        # "parse a MIME type": what follows the first semicolon is parameters, which cannot fail.
        essence = value.strip(" \t").split(";")[0].rstrip(" \t").lower()
        return essence in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
    if name.lower() == "range":
        if not value.startswith("bytes="):
            return False
        start, dash, end = value[len("bytes=") :].partition("-")
        if not dash or not start or not all(digit in "0123456789" for digit in start + end):
            return False
        return not end or int(start) <= int(end)
    return False


# "CORS-unsafe request-header names"
def model_unsafe_names(headers: Pairs) -> list[str]:
    unsafe_names: list[str] = []
    potentially_unsafe_names: list[str] = []
    safelist_value_size = 0
    for name, value in headers:
        if model_is_safelisted(name, value):
            potentially_unsafe_names.append(name)
            safelist_value_size += len(value)
        else:
            unsafe_names.append(name)
    if safelist_value_size > 1024:
        unsafe_names += potentially_unsafe_names
    return sorted({name.lower() for name in unsafe_names})


def lines(response: ReceivedResponse, name: str) -> list[str]:
    return [value.strip(" \t") for key, value in response.headers if key.lower() == name.lower()]


# "extracting header list values", of "#token": None, or a list, or failure
def model_extract(response: ReceivedResponse, name: str) -> list[str] | str | None:
    if not lines(response, name):
        return None
    values: list[str] = []
    for line in lines(response, name):
        for element in line.split(","):
            if not set(element.strip(" \t")) <= TOKEN:
                return "failure"
            if element.strip(" \t"):
                values.append(element.strip(" \t"))
    return values


# "CORS check"
def model_cors_check(credentials: str, response: ReceivedResponse) -> bool:
    values = lines(response, "Access-Control-Allow-Origin")
    if not values:
        return False
    origin = ", ".join(values)
    if credentials != "include" and origin == "*":
        return True
    if origin != PAGE:
        return False
    if credentials != "include":
        return True
    return ", ".join(lines(response, "Access-Control-Allow-Credentials")) == "true"


# "CORS-preflight fetch", step 7
def model_preflight(method: str, headers: Pairs, credentials: str, response: ReceivedResponse) -> bool:
    if not model_cors_check(credentials, response) or not 200 <= response.status <= 299:
        return False
    methods = model_extract(response, "Access-Control-Allow-Methods")
    names = model_extract(response, "Access-Control-Allow-Headers")
    if isinstance(methods, str) or isinstance(names, str):
        return False
    if (
        method not in (methods or [])
        and method not in ("GET", "HEAD", "POST")
        and (credentials == "include" or "*" not in (methods or []))
    ):
        return False
    allowed = [name.lower() for name in names or []]
    if any(name.lower() == "authorization" for name, _ in headers) and "authorization" not in allowed:
        return False
    return all(
        name in allowed or (credentials != "include" and "*" in allowed)
        for name in model_unsafe_names(headers)
    )


# What is sent: the request's method is normalized, and its headers are without forbidden ones.
def model_request(method: str, headers: Pairs) -> tuple[str, Pairs]:
    if method.upper() in ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"):
        method = method.upper()
    headers = [(name, value.strip(" \t\r\n")) for name, value in headers]
    return method, [
        (name, value)
        for name, value in headers
        if name.lower() not in ("cookie", "origin", "host")
        and not name.lower().startswith(("sec-", "proxy-"))
    ]


def often(good: list[str], weird: list[str]) -> st.SearchStrategy[str]:
    """The good values as often as the weird ones together; ``one_of`` would drop repeats."""
    return st.booleans().flatmap(lambda is_good: st.sampled_from(good if is_good else weird))


def some_lines(value: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """One line as a rule, sometimes none or two."""
    return st.sampled_from([1, 1, 1, 1, 1, 0, 2]).flatmap(
        lambda count: st.lists(value, min_size=count, max_size=count)
    )


METHODS = ["GET", "get", "HEAD", "POST", "PUT", "put", "PATCH", "patch", "DELETE", "options", "QUERY", "*"]
NAMES = ["Accept", "Accept-Language", "Content-Language", "Content-Type", "Range"]
OTHER_NAMES = ["Authorization", "X-A", "x-a", "X-B", "*", "If-None-Match", "Cookie", "Sec-X", "authorization"]
VALUES = [
    "", "de", "text/plain", "text/plain;charset=utf-8", "Multipart/Form-Data ; x", "application/json",
    "text/html", "bytes=0-", "bytes=1-0", "bytes=00-1", "bytes=-1", "bytes=0-1,2-3", "en_US", "a:b", "a\tb",
    "é", " x\t", "x" * 128, "x" * 129, "text/plain, text/plain",
    "text/plain;" + "x" * 117, "text/plain;" + "x" * 118,
]  # fmt: skip
header = st.tuples(often(NAMES, OTHER_NAMES), st.sampled_from(VALUES))
many_long_ones = st.integers(7, 9).map(lambda count: [("Accept", "x" * 128)] * count)
headers_of_a_request = st.builds(
    lambda some, long: some + long,
    st.lists(header, max_size=3),
    st.sampled_from([False] * 5 + [True]).flatmap(
        lambda long: many_long_ones if long else st.just(list[tuple[str, str]]())
    ),
)
element = often(
    ["*", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "Authorization", "X-A", "x-b", "content-type",
     "accept", "range", "If-None-Match", "accept-language", "Content-Language"],
    ["", "put", "patch", "GET", "X A", '"X-A"', "é", "a:b", "*X", "X-A;q=1"],
)  # fmt: skip
a_list = st.builds(
    lambda separator, elements: separator.join(elements),
    st.sampled_from([",", ", ", " ,\t", ",,", " , , "]),
    st.lists(st.one_of(element, element, st.just("*")), max_size=12),
)
FIELDS = {
    "Access-Control-Allow-Origin": often(
        [PAGE, "*", PAGE + " ", "\t*"],
        ["", "null", PAGE + "/", PAGE.upper(), f"{PAGE}, {PAGE}", f"{PAGE},", "*, *", "'*'", "https://b.test"],
    ),
    "Access-Control-Allow-Credentials": often(
        ["true", " true\t"], ["", "True", "TRUE", "1", '"true"', "true, true", "false", "true,", "*"]
    ),
    "Access-Control-Allow-Methods": a_list,
    "Access-Control-Allow-Headers": a_list,
}  # fmt: skip


@st.composite
def responses(draw: st.DrawFn, statuses: list[int], right: dict[str, str]) -> ReceivedResponse:
    """The right fields as a rule, each of them replaced now and then; otherwise hardly any would pass."""
    fields: list[tuple[str, str]] = []
    for name, value in FIELDS.items():
        is_right = draw(st.sampled_from([True] * 5 + [False]))
        values = [right[name]] if is_right else draw(some_lines(value))
        spelled = draw(st.sampled_from([name, name, name.lower(), name.upper()]))
        fields += [(spelled, each) for each in values]
    status = draw(st.sampled_from([statuses[0]] * 10 + statuses))
    return ReceivedResponse(status, tuple(draw(st.permutations(fields))))


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[str, Pairs, Credentials, ReceivedResponse, ReceivedResponse]:
    """A request, and what is answered to its preflight and to itself."""
    method, headers = draw(st.sampled_from(METHODS)), draw(headers_of_a_request)
    sent_method, sent_headers = model_request(method, headers)
    right = {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": draw(st.sampled_from([sent_method, "*", f"{sent_method}, *"])),
        "Access-Control-Allow-Headers": draw(
            st.sampled_from([", ".join(model_unsafe_names(sent_headers)), "*", "*, Authorization"])
        ),
    }
    preflight = draw(responses([204, 200, 299, 199, 300, 304, 401, 500], right))
    actual = draw(responses([200, 201, 304, 404, 500], right))
    credentials = draw(st.sampled_from(get_args(Credentials)))
    return method, headers, credentials, preflight, actual


@settings(max_examples=5 * settings.default.max_examples if settings.default else 500)
@given(exchanges())
def test_the_browser_agrees_with_the_model(
    exchange: tuple[str, Pairs, Credentials, ReceivedResponse, ReceivedResponse],
) -> None:
    method, headers, credentials, preflight, actual = exchange
    sent_method, sent_headers = model_request(method, headers)
    unsafe_names = model_unsafe_names(sent_headers)
    is_preflighted = sent_method not in ("GET", "HEAD", "POST") or bool(unsafe_names)
    passes = not is_preflighted or model_preflight(sent_method, sent_headers, credentials, preflight)
    is_shared = passes and model_cors_check(credentials, actual)
    event(f"preflighted: {is_preflighted}, passes: {passes}, shared: {is_shared}")

    browser = browser_of(answering(actual, preflight))
    try:
        browser.page(PAGE).fetch("/", method=method, headers=headers, credentials=credentials)
        was_shared = True
    except BlockedByCORS:
        was_shared = False

    assert was_shared == is_shared
    assert [each.is_preflight for each in browser.exchanges] == [True] * is_preflighted + [False] * passes
    if is_preflighted:
        asked = browser.exchanges[0].request
        assert asked.header("Access-Control-Request-Method") == sent_method
        assert asked.header("Access-Control-Request-Headers") == (",".join(unsafe_names) or None)
    if passes:
        assert browser.exchanges[-1].request.method == sent_method


@given(exposed=some_lines(a_list), with_credentials=st.booleans())
def test_the_browser_shows_the_headers_that_the_model_shows(
    exposed: list[str], with_credentials: bool
) -> None:
    allow = [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Credentials", "true")]
    told = [(name, "1") for name in ("Cache-Control", "X-A", "Authorization", "Set-Cookie", "Range", "*")]
    expose = [("Access-Control-Expose-Headers", each) for each in exposed]
    response = ReceivedResponse(200, (*allow, *told, *expose))
    # "main fetch", step 14
    names = model_extract(response, "Access-Control-Expose-Headers")
    listed = [] if names is None or isinstance(names, str) else [name.lower() for name in names]
    if "*" in listed and not with_credentials:
        listed = [name.lower() for name, _ in response.headers]
    readable = {
        name.lower()
        for name, _ in response.headers
        if (name.lower() in listed or name.lower() == "cache-control") and name.lower() != "set-cookie"
    }
    page = browser_of(answering(response)).page(PAGE)
    credentials: Credentials = "include" if with_credentials else "omit"
    assert set(page.fetch("/", credentials=credentials).headers) == readable
