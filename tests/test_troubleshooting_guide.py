"""docs/troubleshooting.md has every sentence of the consoles, and the causes that the command line lists."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import flask_cors
import pytest
from click.testing import CliRunner
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from fastapi import FastAPI
from flask import Flask, request
from flask.typing import ResponseReturnValue
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from werkzeug.debug import DebuggedApplication

import crosscors.flask
import crosscors.starlette
import tests.django.conftest  # noqa: F401  # it configures Django
from crosscors.cli.explain.causes import causes_of, meaning_of
from crosscors.cli.explain.command import explain
from crosscors.cli.explain.console import ConsoleError, read_console
from crosscors.cli.explain.console_words import ConsoleReason, OtherReason
from crosscors.testing.blocked import Reason
from tests.clients import Answer, ask_asgi, ask_wsgi, attempt_asgi, preflight
from tests.tables import table

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
APPROVED = ROOT / "tests" / "browsers" / "approved"
REASONS: tuple[ConsoleReason | None, ...] = (None, *get_args(Reason), *get_args(OtherReason))
STAGE = "Response to preflight request doesn't pass access control check: "


def block(mark: str) -> str:
    """The code block that follows the mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    assert found, f"docs/troubleshooting.md has no block after the mark {mark!r}"
    return found[1]


def sentences(text: str = GUIDE) -> list[str]:
    """The sentences of the consoles, with placeholders."""
    return re.findall(r"(?<! -->\n)```text\n(.*)\n```", text)


def sections() -> Iterator[tuple[str, Any, str]]:
    """What leads to causes, with their code, and the causes: the text since the causes before."""
    parts = re.split(r"^(?:Code: `(\S+)`\. )?`crosscors explain` says: ", GUIDE, flags=re.MULTILINE)
    yield from zip(parts[::2], parts[1::2], parts[2::2], strict=False)


def plain(markdown: str) -> str:
    return " ".join(re.sub(r"\*\*(.*?)\*\*", r"\1", markdown, flags=re.DOTALL).replace("`", "").split())


def form(sentence: str) -> str:
    return re.sub(r"\\\{[\w\\ ]+?\\\}", ".*?", re.escape(sentence))


SAID_TODAY = sorted(
    {
        (engine, line)
        for engine in ("chromium", "firefox", "webkit")
        for line in (APPROVED / f"console_{engine}.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("# ")
    }
)
FORMS = [form(each) for each in sentences() if "{the reason}" not in each]


@pytest.mark.parametrize(("engine", "line"), SAID_TODAY)
def test_every_sentence_of_the_consoles_is_on_the_page(engine: str, line: str) -> None:
    variants = (line, line.replace(STAGE, ""))
    assert any(re.fullmatch(each, variant) for each in FORMS for variant in variants), line


@pytest.mark.parametrize("sentence", sentences()[1:])
def test_no_other_sentence_is_on_the_page(sentence: str) -> None:
    said = (variant for _, line in SAID_TODAY for variant in (line, line.replace(STAGE, "")))
    assert any(re.fullmatch(form(sentence), each) for each in said)


def test_the_phrase_before_the_reasons_of_preflights_has_its_heading() -> None:
    assert f"\n### {STAGE.rstrip(': ')}\n" in GUIDE


def test_the_causes_are_those_of_the_command_line() -> None:
    found = {}
    for _, code, after in sections():
        meaning, _, rest = after.partition("\n\n")
        listed = re.findall(r"^\d+\. (.+(?:\n   .+)*)", rest.partition("\n\n")[0], re.MULTILINE)
        found[code] = (plain(meaning), [plain(each) for each in listed])
    expected = {
        code: (meaning_of(code), [f"{each.cause} {each.remedy}" for each in causes_of(code)])
        for code in REASONS
    }
    assert found == expected


# Lines that come beside a sentence, and say nothing about a request that crosscors could play.
BESIDE = (
    "Firefox can\N{RIGHT SINGLE QUOTATION MARK}t establish",
    "Module source URI",
    "downloadable font",
    "Cross-Origin Request Warning",
    "Not allowed to request resource",
    "Fetch API cannot load {url}.",
)
EXAMPLES = {"url": "https://api.example.com/items", "origin": "https://app.example.com", "method": "PUT"}
EXAMPLES |= {"status": "404", "header": "x-a", "value": "https://b.example", "what": "fetch"}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        pytest.param(code, sentence, id=f"{code}: {sentence[-60:]}")
        for before, code, _ in sections()
        if code
        for sentence in sentences(before.rpartition("\n1. **")[2])
        if "{the reason}" not in sentence and not sentence.startswith(BESIDE)
    ],
)
def test_the_command_reads_each_sentence_as_its_section_does(code: ConsoleReason, sentence: str) -> None:
    examples = EXAMPLES | ({"status": "302"} if code == "preflight-redirect" else {})
    said = read_console(re.sub(r"\{(\w+)\}", lambda word: examples.get(word[1], "x"), sentence))
    assert code in {said.reason, *said.others}


@table(
    "text",
    ("Chromium", "TypeError: Failed to fetch"),
    ("Firefox", "TypeError: NetworkError when attempting to fetch resource."),
    ("Safari", "TypeError: Load failed"),
    ("axios", "AxiosError: Network Error"),
)
def test_what_a_script_sees_is_on_the_page(text: str) -> None:
    assert f"| `{text}` |" in GUIDE
    with pytest.raises(ConsoleError):
        read_console(text)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> str:
    """What the command of the first section says about a program."""
    (folder / "main.py").write_text(program)
    monkeypatch.chdir(folder)
    monkeypatch.delitem(sys.modules, "main", raising=False)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    [text] = re.findall(r'--console "(.+)"', block("command: ask"))
    try:
        return CliRunner().invoke(explain, ["main:app", "--console", text]).stdout
    finally:
        sys.modules.pop("main", None)


def test_the_way_of_a_newcomer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fixed = block("example: fastapi")
    [line] = re.findall(r"^CORS\(app.+$", fixed, re.MULTILINE)
    broken = fixed.replace(line, "").replace("from crosscors.fastapi import CORS\n", "")
    assert block("command: ask").rpartition('"')[0].endswith(sentences()[0])
    asked = run(monkeypatch, tmp_path, broken)
    assert block("output: ask") in asked
    assert line in asked
    assert block("output: allowed") in run(monkeypatch, tmp_path, fixed)


# The tables of fixes.
ORIGIN = "https://app.example.com"
OF_STARLETTE: dict[str, Any] = {
    "allow_origins": [ORIGIN],
    "allow_credentials": True,
    "allow_methods": ["GET", "PUT"],
    "allow_headers": ["Authorization"],
}
OF_FLASK: dict[str, Any] = {
    "origins": [ORIGIN],
    "supports_credentials": True,
    "methods": ["GET", "PUT"],
    "allow_headers": ["Authorization"],
}
OF_DJANGO: dict[str, Any] = {
    "CORS_ALLOWED_ORIGINS": [ORIGIN],
    "CORS_ALLOW_CREDENTIALS": True,
    "CORS_ALLOW_METHODS": ["GET", "PUT"],
    "CORS_ALLOW_HEADERS": ["Authorization"],
}
PUT = preflight(ORIGIN, "PUT", "authorization")
FROM_PAGE = [("Origin", ORIGIN)]


def starlette_app() -> Starlette:
    async def broken(request: Request) -> Response:
        raise RuntimeError

    return Starlette(routes=[Route("/broken", broken)])


def flask_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "", methods=["GET", "PUT"])
    return app


def with_starlette() -> Answer:
    return ask_asgi(CORSMiddleware(starlette_app(), **OF_STARLETTE), "OPTIONS", "/", PUT)


def with_crosscors_starlette() -> Answer:
    app = starlette_app()
    crosscors.starlette.CORS(app, **OF_STARLETTE)
    return ask_asgi(app, "OPTIONS", "/", PUT)


def with_flask_cors() -> Answer:
    app = flask_app()
    flask_cors.CORS(app, **OF_FLASK)
    return ask_wsgi(app, "OPTIONS", "/", PUT)


def with_crosscors_flask() -> Answer:
    app = flask_app()
    crosscors.flask.CORS(app, **OF_FLASK)
    return ask_wsgi(app, "OPTIONS", "/", PUT)


def with_django(middleware: str) -> Answer:
    with override_settings(MIDDLEWARE=[middleware], **OF_DJANGO):
        return ask_wsgi(WSGIHandler(), "OPTIONS", "/", PUT)


@table(
    "answer, options, written",
    ("Starlette's middleware", with_starlette, OF_STARLETTE, "{}={}"),
    ("crosscors in Starlette", with_crosscors_starlette, OF_STARLETTE, "{}={}"),
    ("Flask-CORS", with_flask_cors, OF_FLASK, "{}={}"),
    ("crosscors in Flask", with_crosscors_flask, OF_FLASK, "{}={}"),
    (
        "django-cors-headers",
        partial(with_django, "corsheaders.middleware.CorsMiddleware"),
        OF_DJANGO,
        "{} = {}",
    ),
    ("crosscors in Django", partial(with_django, "crosscors.django.CORSMiddleware"), OF_DJANGO, "{} = {}"),
)
def test_the_options_of_each_framework(
    answer: Callable[[], Answer], options: dict[str, Any], written: str
) -> None:
    given = answer()
    assert (given.status, given.allowed) == (200, ORIGIN)
    assert given.values("access-control-allow-credentials") == ["true"]
    assert "PUT" in given.values("access-control-allow-methods")[0]
    assert "authorization" in given.values("access-control-allow-headers")[0].lower()
    for name, value in options.items():
        assert f"`{written.format(name, json.dumps(value) if value is not True else True)}`" in GUIDE


@table(
    "app, expected",
    (
        "added",
        Starlette(middleware=[Middleware(CORSMiddleware, **OF_STARLETTE)], routes=starlette_app().routes),
        None,
    ),
    ("around the application", CORSMiddleware(starlette_app(), **OF_STARLETTE), ORIGIN),
)
def test_where_starlettes_middleware_gives_a_500_its_headers(app: Any, expected: str | None) -> None:
    started = attempt_asgi(app, "GET", "/broken", FROM_PAGE).answer
    assert started is not None
    assert (started.status, started.allowed) == (500, expected)


def broken() -> str:
    raise RuntimeError


@table(
    "decorated, debugged, expected",
    ("CORS(app)", False, False, ORIGIN),
    ("@cross_origin", True, False, None),
    ("CORS(app) and the debugger", False, True, None),
)
def test_which_errors_have_the_headers_of_flask_cors(
    decorated: bool, debugged: bool, expected: str | None
) -> None:
    app = Flask(__name__)
    app.debug = debugged
    if not decorated:
        flask_cors.CORS(app, **OF_FLASK)
    app.add_url_rule("/", view_func=flask_cors.cross_origin(**OF_FLASK)(broken) if decorated else broken)
    answer = ask_wsgi(DebuggedApplication(app) if debugged else app, "GET", "/", FROM_PAGE)
    assert (answer.status, answer.allowed) == (500, expected)


@table("let_through, status", ("it lets OPTIONS through", True, 200), ("it does not", False, 401))
def test_a_login_of_flask_and_the_preflights_of_flask_cors(let_through: bool, status: int) -> None:
    app = flask_app()
    flask_cors.CORS(app, **OF_FLASK)

    @app.before_request
    def login() -> ResponseReturnValue | None:
        return None if let_through and request.method == "OPTIONS" else ("", 401)

    assert ask_wsgi(app, "OPTIONS", "/", PUT).status == status


@table("is_strict, status", ("by default", True, 308), ("with strict_slashes=False", False, 200))
def test_the_redirects_of_flask(is_strict: bool, status: int) -> None:
    app = flask_app()
    app.add_url_rule("/items/", "items", lambda: "", strict_slashes=is_strict)
    assert ask_wsgi(app, "GET", "/items").status == status


@table("redirects, status", ("by default", True, 307), ("with redirect_slashes=False", False, 404))
def test_the_redirects_of_fastapi(redirects: bool, status: int) -> None:
    app = FastAPI(redirect_slashes=redirects)
    app.add_api_route("/items", lambda: "")
    assert ask_asgi(app, "GET", "/items/").status == status
