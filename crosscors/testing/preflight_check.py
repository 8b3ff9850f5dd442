"""What the response to a preflight must allow (Fetch, section "CORS-preflight fetch", step 7).

The sentences are those of the browser's console. The hints say what to send instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosscors.core.standard import ALL_METHODS, ALLOW_HEADERS, ALLOW_METHODS, SAFELISTED_METHODS
from crosscors.testing.blocked import Failure, Step
from crosscors.testing.request_headers import NON_WILDCARD
from crosscors.testing.response_headers import Illegible, read_location, token_list
from crosscors.testing.server_says import REFUSING, sentence

if TYPE_CHECKING:
    from crosscors.testing.blocked import Reason
    from crosscors.testing.engines import Engine
    from crosscors.testing.exchange import ReceivedResponse

_ANSWER_PREFLIGHTS = (
    "The response to the preflight (OPTIONS) has status {}, but must have one from 200 to 299. Let the CORS"
    " middleware answer preflights itself, before routing, authentication and error handling."
)
_IF_NOT_CORS = (
    "If something other than the CORS middleware says this, let the CORS middleware answer preflights itself,"
    " before routing, authentication and error handling."
)
_SHOWN_NAMES = 12
_NO_WILDCARD = "With credentials, '*' is not a wildcard for methods or headers."
_NOT_AUTHORIZATION = "'*' does not cover Authorization. Name it."


@dataclass(frozen=True)
class Preflight:
    """What a preflight requests."""

    target: str  # path and query
    method: str
    unsafe_names: list[str]  # lower case, sorted
    with_credentials: bool
    engine: Engine

    def status_failure(self, response: ReceivedResponse) -> Failure | None:
        """What is wrong with the status, or None."""
        if response.status in range(200, 300):
            return None
        if response.raised is not None:
            hint = (
                f"The application raised {response.raised!r}, so the response to the preflight has status"
                f" {response.status}. Let the CORS middleware answer preflights before anything else runs."
            )
            return _failure("preflight-status", "8", "It does not have HTTP ok status.", hint)
        return _failure(
            "preflight-status", "8", "It does not have HTTP ok status.", self._status_hint(response)
        )

    def _status_hint(self, response: ReceivedResponse) -> str:
        """Servers that refuse with the status often say why, and send the lists of what they allow."""
        may_be_refused = response.status in REFUSING
        said = sentence(response) if may_be_refused else None
        remedies = self._remedies(response, may_be_refused=may_be_refused)
        if not said and not remedies:
            return _ANSWER_PREFLIGHTS.format(response.status)
        refuses = f"The server refuses the preflight ({response.status})"
        if not said:
            return " ".join(
                [f"{refuses}, probably because a method or header is not on its lists.", *remedies]
            )
        return " ".join([f"{refuses} and says: {said}.", *(remedies or [_IF_NOT_CORS])])

    def _remedies(self, response: ReceivedResponse, *, may_be_refused: bool) -> list[str]:
        """What the lists lack. Some servers refuse GET, HEAD and POST, too, which browsers always allow."""
        try:
            methods = token_list(response, ALLOW_METHODS)
        except Illegible as illegible:
            return [_illegible(str(illegible), response).hint]
        remedies: list[str] = []
        if may_be_refused and methods and self._is_refused_by_server(methods):
            remedies.append(self._must_have(ALLOW_METHODS, methods, [self.method]))
        failure = self.failure(response)
        if failure is None:
            return remedies
        header_failure = self._header_failure(response) if failure.reason == "method-not-allowed" else None
        return [*remedies, failure.hint, *([header_failure.hint] if header_failure else [])]

    def _is_refused_by_server(self, methods: list[str]) -> bool:
        is_listed = self.method in methods or (self.method == "HEAD" and "GET" in methods)
        is_allowed_by_wildcard = "*" in methods and not self.with_credentials
        return self.method in SAFELISTED_METHODS and not is_listed and not is_allowed_by_wildcard

    def failure(self, response: ReceivedResponse) -> Failure | None:
        """What is wrong with the lists, or None."""
        try:
            methods = token_list(response, ALLOW_METHODS)
            token_list(response, ALLOW_HEADERS)
        except Illegible as illegible:
            return _illegible(str(illegible), response)
        if not self._allows_method(methods or []):
            return self._method_not_allowed(methods)
        return self._header_failure(response)

    def passed(self, failure: Failure | None) -> tuple[Step, ...]:
        """The steps that the lists have passed, up to the failure."""
        if failure is None:
            return (_step("7.5"), _step("7.7")) if self.unsafe_names else (_step("7.5"),)
        return (_step("7.5"),) if failure.reason == "header-not-allowed" else ()

    def _header_failure(self, response: ReceivedResponse) -> Failure | None:
        names = token_list(response, ALLOW_HEADERS)
        refused = [name for name in self.unsafe_names if not self._allows_name(name, names or [])]
        refused.sort(key=lambda name: name != NON_WILDCARD)  # browsers check it first
        return self._header_not_allowed(refused, names) if refused else None

    def _allows_method(self, methods: list[str]) -> bool:
        if self.method in methods or self.method in SAFELISTED_METHODS:
            return True
        return "*" in methods and not self.with_credentials

    def _allows_name(self, name: str, names: list[str]) -> bool:
        if name in map(str.lower, names):
            return True
        if name == NON_WILDCARD and not self.engine.does("wildcard-covers-authorization"):
            return False
        return "*" in names and not self.with_credentials

    def _method_not_allowed(self, methods: list[str] | None) -> Failure:
        sentence = f"Method {self.method} is not allowed by {ALLOW_METHODS} in preflight response."
        hint = self._must_have(ALLOW_METHODS, methods, [self.method])
        if methods and "*" in methods:
            hint = f"{_NO_WILDCARD} {hint}"
        elif self.method != self.method.upper() in ALL_METHODS:
            upper = self.method.upper()
            allowed = (
                ", which is allowed." if upper in (methods or ()) else f", and allow {upper} on the server."
            )
            hint = (
                "Methods are case-sensitive, and browsers do not change this one to upper case. Let the page"
                f" use {upper}{allowed}"
            )
        return _failure("method-not-allowed", "7.5", sentence, hint)

    def _header_not_allowed(self, refused: list[str], names: list[str] | None) -> Failure:
        sentence = (
            f"Request header field {refused[0]} is not allowed by {ALLOW_HEADERS} in preflight response."
        )
        hint = self._must_have(ALLOW_HEADERS, names, refused)
        if names and "*" in names:
            hint = f"{_NO_WILDCARD if self.with_credentials else _NOT_AUTHORIZATION} {hint}"
        elif refused == ["content-type"]:
            hint += " (Only application/json and the like need this permission; forms and plain text do not.)"
        step = "7.6" if refused[0] == NON_WILDCARD else "7.7"
        return _failure("header-not-allowed", step, sentence, hint)

    def _must_have(self, field: str, listed: list[str] | None, missing: list[str]) -> str:
        kept = [name for name in listed or () if name != "*" or not self.with_credentials]
        instead = "" if listed is None else f" instead of '{', '.join(listed)}'"
        more = ["..."] if len(missing) > _SHOWN_NAMES else []
        wanted = f"{field}: {', '.join(kept + missing[:_SHOWN_NAMES] + more)}"
        return f"The response to OPTIONS {self.target} must have '{wanted}'{instead}."


def redirect_failure(response: ReceivedResponse) -> Failure | None:
    """What is wrong with a preflight that is redirected, or None if it is not."""
    location = read_location(response)
    if response.status not in range(300, 400) or location is None:
        return None
    hint = (
        f"OPTIONS was redirected to '{location}', perhaps by a rule for slashes, https or a login. Let the"
        " page use that address, or let the CORS middleware answer preflights before anything redirects."
    )
    return _failure("preflight-redirect", "8", "Redirect is not allowed for a preflight request.", hint)


def _illegible(field: str, response: ReceivedResponse) -> Failure:
    sentence = f"Cannot parse {field} response header field in preflight response."
    hint = (
        f"'{field}: {response.header(field)}' is not a comma-separated list of names."
        " A name has no spaces, quotes or colons."
    )
    reason: Reason = "allow-methods-invalid" if field == ALLOW_METHODS else "allow-headers-invalid"
    return _failure(reason, "7.3", sentence, hint)


def _failure(reason: Reason, step: str, sentence: str, hint: str) -> Failure:
    return Failure(reason, _step(step), sentence, hint)


def _step(number: str) -> Step:
    return Step("CORS-preflight fetch", number, "cors-preflight-fetch")


OK_STATUS = _step("7")
