"""What the tests of the cross-origin protection share: policies, requests, and why a request is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection
from crosscors.core.policy import Policies

from .kit import APP, codes

HOST = "api.example.com"
OWN = f"https://{HOST}"

Headers = dict[str, str]
Options = dict[str, Any]

READS = CORSPolicy(allow_origins=[APP], allow_methods=["GET", "POST"])
WRITES = CORSPolicy(allow_origins=[APP], allow_methods=["GET", "POST"], allow_credentials=True)
EVERYONE = CORSPolicy(allow_origins="*", allow_methods="*")
MIXED = CORSPolicy(allow_origins="*", allow_methods="*", allow_credentials=[APP])
GET_ONLY = CORSPolicy(allow_origins=[APP], allow_methods=["GET"], allow_credentials=True)
NULL = CORSPolicy(
    allow_origins=["null"],
    allow_methods="*",
    allow_credentials=True,
    dangerously_allow=["null-origin"],
)


def from_page(origin: str | None, site: str | None = None, **others: str) -> Headers:
    """The headers of a request. Underscores in names are hyphens."""
    named = {"host": HOST, **{name.replace("_", "-"): value for name, value in others.items()}}
    named |= {} if origin is None else {"origin": origin}
    return named | ({} if site is None else {"sec-fetch-site": site})


def request_with(headers: Mapping[str, str], method: str = "POST", path: str = "/items") -> CORSRequest:
    return CORSRequest(
        method, origin=headers.get("origin"), path=path, host=headers.get("host", ""), headers=headers
    )


def reason(
    headers: Headers,
    policy: Policies | None = None,
    *,
    method: str = "POST",
    path: str = "/items",
    is_websocket: bool = False,
    **options: Any,
) -> str | None:
    """Why the request is refused; None if it is served. A protection that only reports says the same."""
    asked = request_with(headers, method, path)
    decisions = [
        CrossOriginProtection(report_only=only, **options).check(asked, policy, is_websocket=is_websocket)
        for only in (False, True)
    ]
    enforced, reported = decisions
    if enforced is None or reported is None:
        assert enforced is reported
        return None
    assert (enforced.allowed, enforced.status) == (False, 403)
    assert (enforced.protection, reported.protection) == ("enforced", "report")
    assert (enforced.refusals, enforced.body) == (reported.refusals, reported.body)
    (code,) = codes(enforced)
    return code


COOKIE = from_page(APP, "cross-site", cookie="a=b")
FORM = from_page(APP, "cross-site", cookie="a=b", sec_fetch_mode="navigate")
