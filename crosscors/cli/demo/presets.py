"""The ten commonest mistakes, as states of the page: what happens, why, and the change that mends it.

In the texts, ``{localhost}`` and the other ids of ``origins`` stand for origins, as they do in links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """One mistake.

    Attributes:
        id: its name in links.
        title: its title.
        what: what happens.
        why: why it happens.
        policy: the options of the policy.
        request: the request. What is left out is as in ``{"origin": "localhost"}``.
        fix: what the hint says to write: ``{"policy": {...}}`` or ``{"protect": True}``. None if there is
            nothing to change in the policy.
    """

    id: str
    title: str
    what: str
    why: str
    policy: Mapping[str, Any]
    request: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fix: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The preset for the page."""
        state = {"policy": self.policy, "request": {"origin": "localhost", **self.request}}
        texts = {"id": self.id, "title": self.title, "what": self.what, "why": self.why}
        return {**texts, "state": state, "fix": self.fix}


_NO_START = "The policy does not start. Nothing is sent."
_HIDDEN = "The browser hides the response from the script. The request has reached the application."
_NO_PREFLIGHT = "The preflight is refused. The browser does not send the request itself."

PRESETS = (
    Preset(
        "star-with-cookies",
        "* with cookies",
        _NO_START,
        'Browsers refuse "*" for requests with credentials. A server that sends the origin of the caller'
        " instead lets every site act as your signed-in users. List the origins that need credentials.",
        policy={"allow_origins": ["*"], "allow_credentials": True},
        request={"credentials": True},
        fix={"policy": {"allow_credentials": ["{localhost}"]}},
    ),
    Preset(
        "slash-at-the-end",
        "A slash at the end",
        _NO_START,
        "An origin is a scheme, a host and a port. Browsers send it without a slash at the end, so an entry"
        " with a slash can never match.",
        policy={"allow_origins": ["{localhost}/"]},
        fix={"policy": {"allow_origins": ["{localhost}"]}},
    ),
    Preset(
        "list-in-one-string",
        "A list in one string",
        _NO_START,
        "Environment variables often hold several origins with commas between them. Each origin needs an"
        " entry of its own.",
        policy={"allow_origins": ["{localhost},{port}"]},
        request={"origin": "port"},
        fix={"policy": {"allow_origins": ["{localhost}", "{port}"]}},
    ),
    Preset(
        "another-name",
        "localhost is not 127.0.0.1",
        _HIDDEN,
        "For a browser, localhost and 127.0.0.1 are two hosts, and so two origins. The policy names one of"
        " them, and the page has the other.",
        policy={"allow_origins": ["{localhost}"]},
        request={"origin": "numeric"},
        fix={"policy": {"allow_origins": ["{localhost}", "{numeric}"]}},
    ),
    Preset(
        "authorization-not-allowed",
        "Authorization is not allowed",
        _NO_PREFLIGHT,
        "If a script sets Authorization, the browser sends a preflight first, and the policy has to list the"
        " header.",
        policy={"allow_origins": ["{localhost}"]},
        request={"headers": [["Authorization", "Bearer secret"]]},
        fix={"policy": {"allow_headers": ["authorization"]}},
    ),
    Preset(
        "method-not-listed",
        "PUT is not listed",
        _NO_PREFLIGHT,
        "Every method except GET, HEAD and POST needs a preflight, and the policy has to list it.",
        policy={"allow_origins": ["{localhost}"]},
        request={
            "method": "PUT",
            "headers": [["Content-Type", "application/json"]],
            "body": '{"name": "coffee"}',
        },
        fix={"policy": {"allow_methods": ["GET", "PUT"]}},
    ),
    Preset(
        "credentials-not-allowed",
        "Cookies are not allowed",
        _HIDDEN,
        'The script writes credentials: "include". Then the browser shows the response to the script only if'
        " it has Access-Control-Allow-Credentials: true.",
        policy={"allow_origins": ["{localhost}"]},
        request={"credentials": True},
        fix={"policy": {"allow_credentials": ["{localhost}"]}},
    ),
    Preset(
        "open-expression",
        "A dot that matches everything",
        _NO_START,
        "In a regular expression, a dot matches every character. The problem names a foreign site that would"
        " be let in, with the cookies of its visitors.",
        policy={
            "allow_origins": ["{localhost}"],
            "allow_origin_regex": "https://app.example.com",
            "allow_credentials": True,
        },
        request={"credentials": True},
        fix={"policy": {"allow_origin_regex": r"https://app\.example\.com"}},
    ),
    Preset(
        "crash",
        "A 500 that looks like CORS",
        "Over plain ASGI and WSGI, the browser hides the 500. In Flask and Django, the page can read it.",
        "The application raises an exception. In Flask and Django, the framework writes the error page, and"
        " crosscors adds the headers. Over plain ASGI and WSGI, the server writes it, outside of all"
        " middleware, so it has no CORS headers. Handle exceptions inside such an application.",
        policy={"allow_origins": ["{localhost}"]},
        request={"path": "/crash"},
    ),
    Preset(
        "form-post",
        "A form that CORS does not stop",
        "The form post reaches the application, although the policy does not allow the origin of its page.",
        "CORS decides who may read responses. It stops no form post and no beacon. The cross-origin"
        " protection does.",
        policy={"allow_origins": ["{localhost}"]},
        request={"origin": "name", "kind": "form", "body": "Pay 100 to Mallory"},
        fix={"protect": True},
    ),
)
