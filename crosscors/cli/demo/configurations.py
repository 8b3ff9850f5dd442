"""The policy as a configuration for each framework, ready to copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec

from crosscors.cli.check.elsewhere.mending import Mended
from crosscors.cli.check.elsewhere.theirs import arguments, call, code
from crosscors.cli.demo.input import Protect
from crosscors.core.document_form import written
from crosscors.core.policy import CORSPolicy


def configurations(policy: CORSPolicy, protect: Protect) -> list[dict[str, str]]:
    """The name and the text of each configuration. Frameworks that are not installed have none."""
    return [
        {"name": name, "code": write(policy, protect)}
        for name, (package, write) in _WRITERS.items()
        if package is None or find_spec(package) is not None
    ]


def _fastapi(policy: CORSPolicy, protect: Protect) -> str:
    head = "from crosscors.fastapi import CORS\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
    return head + call("CORS", "app", _keywords(policy, protect))


def _starlette(policy: CORSPolicy, protect: Protect) -> str:
    head = (
        "from crosscors.starlette import CORS\nfrom starlette.applications import Starlette\n\n"
        "app = Starlette()\n"
    )
    return head + call("CORS", "app", _keywords(policy, protect))


def _flask(policy: CORSPolicy, protect: Protect) -> str:
    from crosscors.cli.check.elsewhere.flask import keywords  # noqa: PLC0415  # it needs Flask

    given = [*keywords(_as_mended(policy), {}), *_protect(protect)]
    lines = ["from crosscors.flask import CORS", "from flask import Flask", "", "app = Flask(__name__)"]
    lines = [*(["import re", ""] if policy.allow_origin_regex else []), *lines]
    return "\n".join([*lines, call("CORS", "app", given)])


def _django(policy: CORSPolicy, protect: Protect) -> str:
    from crosscors.cli.check.elsewhere.django import settings_lines  # noqa: PLC0415  # it needs Django

    head = 'MIDDLEWARE = [\n    "crosscors.django.CORSMiddleware",\n    ...,\n]\n'
    settings = [
        *settings_lines(_as_mended(policy)),
        *(("CORS_PROTECT", text) for _, text in _protect(protect)),
    ]
    return head + "\n".join(f"{name} = {text}" for name, text in settings)


def _asgi(policy: CORSPolicy, protect: Protect) -> str:
    return _middleware("asgi", policy, protect)


def _wsgi(policy: CORSPolicy, protect: Protect) -> str:
    return _middleware("wsgi", policy, protect)


def _middleware(protocol: str, policy: CORSPolicy, protect: Protect) -> str:
    made = call("CORSMiddleware", "app", _keywords(policy, protect))
    return f"from crosscors.{protocol} import CORSMiddleware\n\napp = {made}"


def _toml(policy: CORSPolicy, protect: Protect) -> str:
    options = (f"{name} = {written(value, 'toml')}" for name, value in policy.to_dict().items())
    remark = ["# protect belongs to the adapter: CORS(app, protect=...)"] if protect else []
    return "\n".join(["[policy]", *options, *remark])


_Write = Callable[[CORSPolicy, Protect], str]
_WRITERS: Mapping[str, tuple[str | None, _Write]] = {
    "FastAPI": (None, _fastapi),
    "Starlette": (None, _starlette),
    "Flask": ("flask", _flask),
    "Django": ("django", _django),
    "ASGI": (None, _asgi),
    "WSGI": (None, _wsgi),
    "TOML": (None, _toml),
}


def _keywords(policy: CORSPolicy, protect: Protect) -> list[tuple[str, str]]:
    return [*arguments(policy), *_protect(protect)]


def _protect(protect: Protect) -> Iterable[tuple[str, str]]:
    return [("protect", code(protect))] if protect else []


def _as_mended(policy: CORSPolicy) -> Mended:
    """The policy in the form that the writers take, which mend those of other libraries."""
    return Mended(policy, (), () if policy.allow_origin_regex is None else (policy.allow_origin_regex,))
