"""``crosscors explain`` and Django projects: a settings module, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

import crosscors
import tests.django.conftest  # noqa: F401 (it configures Django)
from crosscors.cli.explain.applications import for_application, in_application
from crosscors.cli.explain.asked import Asked
from crosscors.cli.explain.libraries import OPEN, Needed
from crosscors.cli.explain.serving import allowed_host, served
from crosscors.cli.targets import Kind, Target, TargetError
from tests.tables import each, table

SETTINGS = """
SECRET_KEY = "not a secret"
ROOT_URLCONF = __name__
ALLOWED_HOSTS = ["api.example.com"]
MIDDLEWARE = [{middleware}]
INSTALLED_APPS = [{apps}]
{more}

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("items", lambda request: HttpResponse("items"))]
"""
ALLOWED = 'CORS_ALLOWED_ORIGINS = ["https://app.example.com"]'
STRANGER = "https://b.example"


def explain(folder: Path, settings: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "project.py").write_text(settings)
    (folder / "served.py").write_text(
        'import os; os.environ["DJANGO_SETTINGS_MODULE"] = "project"\n'
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "crosscors", "explain", *arguments, "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(crosscors.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )


@table(
    "target, middleware, apps, more, hint",
    (
        "django-cors-headers",
        *("project", '"corsheaders.middleware.CorsMiddleware"', '"corsheaders"', ALLOWED),
        'In django-cors-headers, write CORS_ALLOWED_ORIGINS = ["https://app.example.com", "https://b.example"]',
    ),
    (
        "crosscors",
        *("project", '"crosscors.django.CORSMiddleware"', '"crosscors.django"', ALLOWED),
        'write CORS_ALLOWED_ORIGINS = ["https://app.example.com", "https://b.example"].',
    ),
    (
        "nothing that answers CORS, by its WSGI application",
        *("served:application", "", "", ""),
        (
            "Nothing in the application answers CORS. With crosscors.django, put"
            ' "crosscors.django.CORSMiddleware" at the top of MIDDLEWARE, and write'
            ' CORS_ALLOWED_ORIGINS = ["https://b.example"]'
        ),
    ),
)
def test_the_hint_is_in_the_words_of_the_project(
    tmp_path: Path, target: str, middleware: str, apps: str, more: str, hint: str
) -> None:
    settings = SETTINGS.format(middleware=middleware, apps=apps, more=more)
    result = explain(tmp_path, settings, target, "/items", "--origin", STRANGER)
    said: dict[str, Any] = json.loads(result.stdout)
    assert (said["verdict"], said["reason"]) == ("blocked", "allow-origin-missing")
    assert said["steps"][0]["url"] == "https://api.example.com/items"
    assert hint in said["hint"]
    assert (result.returncode, result.stderr) == (1, "")


def test_a_project_that_does_not_start_is_a_line_and_a_hint(tmp_path: Path) -> None:
    settings = SETTINGS.format(middleware="", apps='"nothing"', more="")
    result = explain(tmp_path, settings, "project", "/items", "--origin", STRANGER)
    assert result.stderr == (
        "Error: The Django project project does not start: ModuleNotFoundError: No module named 'nothing'\n"
        "Hint: To see the whole error, run: python -m django check --settings project\n"
    )
    assert (result.returncode, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("hosts", "host"), [(["*"], "localhost"), ([], "localhost"), ([".a.example", "b.example"], "a.example")]
)
def test_a_host_that_django_answers(hosts: list[str], host: str) -> None:
    assert allowed_host(hosts) == host


# The same in this process, where Django is configured already.


def target(kind: Kind = "settings", value: object = None) -> Target:
    return Target("project", kind, value)


@table(
    "middleware, library",
    ("another library", ["corsheaders.middleware.CorsMiddleware"], "django-cors-headers"),
    ("crosscors", ["crosscors.django.CORSMiddleware"], None),
    ("nothing", [], "crosscors.django"),
)
@each("found", target(), target("application", WSGIHandler.__new__(WSGIHandler)))
def test_the_library_of_a_project(found: Target, middleware: list[str], library: str | None) -> None:
    with override_settings(MIDDLEWARE=middleware):
        recognised = in_application(found, Asked("https://app.example.com", "/")) or for_application(found)
    assert (recognised and recognised.name) == library


REMOVING = (
    f'CORS_ALLOWED_ORIGINS = ["https://b.example"] and CORS_ALLOW_CREDENTIALS = True, and remove {{}}. {OPEN}'
)


@table(
    "settings, needed, text",
    ("a list", {"CORS_ALLOWED_ORIGINS": ["https://a.example"]}, Needed("https://b.example"),
     'CORS_ALLOWED_ORIGINS = ["https://a.example", "https://b.example"]'),
    ("every origin, and cookies", {"CORS_ALLOW_ALL_ORIGINS": True},
     Needed("https://b.example", credentials=True),
     REMOVING.format("CORS_ALLOW_ALL_ORIGINS")),
    ("an expression for every site", {"CORS_ALLOWED_ORIGIN_REGEXES": ["^https://.*$"]},
     Needed("https://b.example", credentials=True),
     REMOVING.format("CORS_ALLOWED_ORIGIN_REGEXES")),
    ("an expression without an end", {"CORS_ALLOWED_ORIGIN_REGEXES": ["https://a[.]example"]},
     Needed("https://b.example", credentials=True),
     REMOVING.format("CORS_ALLOWED_ORIGIN_REGEXES")),
    ("a path that is not covered", {"CORS_URLS_REGEX": r"^/api/{1}"}, Needed("https://b.example"),
     r'CORS_URLS_REGEX = r"^/api/{1}|^/items$" and CORS_ALLOWED_ORIGINS = ["https://b.example"]'),
    ("a compiled expression", {"CORS_URLS_REGEX": re.compile("^/api/")}, Needed("https://b.example"),
     'CORS_URLS_REGEX = r"^/api/|^/items$" and CORS_ALLOWED_ORIGINS = ["https://b.example"]'),
)  # fmt: skip
def test_the_settings_of_the_other_library(settings: dict[str, Any], needed: Needed, text: str) -> None:
    with override_settings(MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"], **settings):
        library = in_application(target(), Asked("https://b.example", "https://api.example.com/items?a"))
    assert library is not None
    assert library.text(needed) == text


def test_a_project_is_served_at_a_host_that_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "overwritten")
    with override_settings(ALLOWED_HOSTS=["api.example.com"]):
        project = served(target(), "/items")
        application = served(target("application", WSGIHandler()), "/items")
        elsewhere = served(target("application", WSGIHandler()), "https://a.example/items")
    assert isinstance(project.server, WSGIHandler)
    assert project.base_url == application.base_url == "https://api.example.com"
    assert elsewhere.base_url == "https://a.example"


def test_a_project_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def setup(*_: object, **__: object) -> None:
        raise RuntimeError("no\ndatabase")

    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "overwritten")
    monkeypatch.setattr("django.setup", setup)
    with pytest.raises(TargetError) as raised:
        served(target(), "/items")
    assert raised.value.message == "The Django project project does not start: RuntimeError: no"
