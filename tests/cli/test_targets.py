"""Names of applications, policies and settings modules: what they stand for, and what is said if nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosscors.cli.targets import TargetError, find_target
from tests.tables import table

FILES = {
    "things.py": """
from crosscors import CORSPolicy, Resources
print("imported")
policy = CORSPolicy(allow_origins=["https://app.example.com"])
resources = Resources({"/a": policy})
number = 42
class Live:
    def policy_for(self, path, root_path=""): ...
live = Live()
""",
    "web.py": """
async def app(scope, receive, send): ...
def wsgi(environ, start_response): ...
class Holder:
    app = staticmethod(wsgi)
holder = Holder()
def create_app(config=None, testing=False):
    print("made")
    return app
def create_number(): return 42
async def create_later(): return app
def create_with(config): return app
def create_badly(): raise RuntimeError("no database.\\nmore")
def create_nothing(): raise SystemExit
def interrupted(): raise KeyboardInterrupt
class Application: __module__ = "aiohttp.web_app"
of_aiohttp = Application()
class Takes:
    def __init__(self, value): ...
class Instances:
    def __call__(self, environ, start_response): ...
instance = Instances()
""",
    "lazy.py": """
from typing import Literal
import web, typing
def __getattr__(name): raise RuntimeError("lazy")
class Odd:
    def __getattr__(self, name): raise RuntimeError("odd")
    def __call__(self, *arguments): ...
odd = Odd()
""",
    "many.py": "from web import app, wsgi, instance\na = b = c = d = e = f = instance\nnumber = 42",
    "speechless.py": """
class Speechless(Exception):
    def __str__(self): raise ValueError
raise Speechless
""",
    "site_settings.py": "MIDDLEWARE = []",
    "crowded.py": """
import crosscors
from crosscors import CORSPolicy
from functools import partial
path = partial(print)
a = b = c = d = e = CORSPolicy()
""",
    "empty.py": "",
    "wrong.py": "import there_is_no_such_module",
    "raising.py": "raise ValueError('bad\\nworse')",
    "exiting.py": "import sys\nsys.exit(3)",
    "syntax.py": "def",
    "interrupting.py": "raise KeyboardInterrupt",
    "package/__init__.py": "",
    "package/module.py": "def app(environ, start_response): ...",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with modules, which is the current one."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        del sys.modules[name]
    importlib.invalidate_caches()


@table(
    "name, kind, value",
    ("a URL", "https://api.example.com/items?a=1", "url", None),
    ("a URL in upper case", "HTTP://localhost:8000", "url", None),
    ("an ASGI application", "web:app", "application", "app"),
    ("a WSGI application", "web:wsgi", "application", "wsgi"),
    ("an instance", "web:instance", "application", "instance"),
    ("an attribute of an object", "web:holder.app", "application", "wsgi"),
    ("a factory with arguments that have defaults", "web:create_app", "application", "app"),
    ("a factory as Gunicorn takes it", "web:create_app()", "application", "app"),
    ("an application that only its own server can call", "web:of_aiohttp", "application", "of_aiohttp"),
    ("a policy", "things:policy", "policy", "policy"),
    ("resources", "things:resources", "policy", "resources"),
    ("something that has policies", "things:live", "policy", "live"),
    ("a module in a package", "package.module:app", "application", "app"),
)
def test_what_a_name_stands_for(
    capsys: pytest.CaptureFixture[str], name: str, kind: str, value: str | None
) -> None:
    target = find_target(name)
    assert (target.name, target.kind) == (name, kind)
    module = sys.modules.get(name.partition(":")[0])
    assert target.value is vars(module)[value] if module and value else target.value == name
    assert capsys.readouterr().out == ""


def test_a_settings_module_needs_no_colon() -> None:
    target = find_target("site_settings")
    assert (target.kind, target.value) == ("settings", sys.modules["site_settings"])


def test_the_current_folder_is_added_once() -> None:
    find_target("web:app")
    find_target("things:policy")
    assert sys.path.count(str(Path.cwd())) == 1


@table(
    "name",
    ("a URL without a host", "http://"),
    ("a URL that is not of the web", "ftp://files.example.com"),
    ("a port instead of a name", "localhost:8000/items"),
    ("a file", "src/web.py:app"),
    ("a file without a name", "web.py"),
    ("a folder", "src/web"),
    ("a URL without its scheme", "api.example.com/items"),
    ("no name at all", ":app"),
    ("something with blanks", "my app"),
    ("a module that does not exist", "nothing:app"),
    ("a module that does not exist in a package", "package.nothing:app"),
    ("a package that does not exist", "nothing.module:app"),
    ("an import inside the module", "wrong:app"),
    ("an exception of two lines", "raising:app"),
    ("an exit", "exiting:app"),
    ("a mistake of syntax", "syntax:app"),
    ("an exception without words", "speechless:app"),
    ("a module that computes its names, and fails", "lazy:app"),
    ("an object that fails where it is looked at", "lazy:odd"),
    ("a colon without a name", "web:"),
    ("a colon without a name in an empty module", "empty:"),
    ("a module without a name in it", "web"),
    ("a module with nothing in it", "empty"),
    ("a name that is nearly there", "web:ap"),
    ("a name that is not there", "web:zzz"),
    ("a name that is not there in an object", "web:holder.zzz"),
    ("a name in an empty module", "empty:app"),
    ("a number, beside policies", "things:number"),
    ("a class that needs an argument", "web:Takes"),
    ("a function that needs an argument", "web:create_with"),
    ("a factory that fails", "web:create_badly"),
    ("a factory that exits", "web:create_nothing"),
    ("a factory that returns something else", "web:create_number"),
    ("an asynchronous factory", "web:create_later"),
)
def test_every_error_is_a_line_and_a_hint(name: str) -> None:
    with pytest.raises(TargetError) as raised:
        find_target(name)
    assert raised.value.exit_code == 2
    assert "\n" not in raised.value.message
    assert raised.value.hint


@table(
    "name, hint",
    ("a file of settings", "project/settings.py", "Write project.settings."),
    ("a file of an application", "project/main.py", "Write project.main:app."),
    (
        "five names of many",
        "many:number",
        "Write many:instance or many:a or many:b or many:c or many:d or another one.",
    ),
    ("all names", "web:zzz", "Write web:of_aiohttp or web:instance."),
    ("types and modules are not meant", "lazy:", "Write lazy:app."),
    (
        "a factory that fails",
        "web:create_badly",
        'To see the whole traceback, run: python -c "import web; web.create_badly()"',
    ),
)
def test_what_to_write_instead(name: str, hint: str) -> None:
    with pytest.raises(TargetError) as raised:
        find_target(name)
    assert raised.value.hint == hint


@pytest.mark.parametrize("name", ["interrupting:app", "web:interrupted"])
def test_ctrl_c_is_no_error_of_the_module(name: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        find_target(name)


def test_the_hint_names_a_few_applications_and_policies_only() -> None:
    with pytest.raises(TargetError) as raised:
        find_target("crowded:nothing")
    assert raised.value.hint == "Write crowded:a or crowded:b or crowded:c or crowded:d or crowded:e."
