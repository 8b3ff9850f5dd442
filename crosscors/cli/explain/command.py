"""The command ``crosscors explain``: its options."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, NoReturn

import click

from crosscors.cli import require
from crosscors.cli.explain.asked import Asked, Options, read_asked, read_pasted
from crosscors.cli.explain.console import ConsoleError, ConsoleSentence, read_console
from crosscors.cli.explain.console_request import lacks, request_of
from crosscors.cli.output import CommandError, print_json
from crosscors.testing import ENGINES, EngineName

if TYPE_CHECKING:
    from crosscors.cli.explain.curl import PastedRequest
    from crosscors.cli.explain.story import Story

_STATUS = {"allowed": 0, "blocked": 1, None: 2}


@click.command()
@click.argument("target", required=False)
@click.argument("path", required=False)
@click.option("--origin", help="The origin of the page: https://app.example.com, or null.")
@click.option(
    "-X", "--request", "method", metavar="METHOD", help="The method. Default: GET, and POST with --data."
)
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME[: VALUE]",
    help="A header that the script sets. Without a value: any value that is not safelisted.",
)
@click.option(
    "--data", metavar="TEXT", help="The body. It is text/plain unless -H Content-Type says otherwise."
)
@click.option("--credentials", is_flag=True, help='The script writes credentials: "include".')
@click.option(
    "--engine", type=click.Choice([*ENGINES]), help="Depart from the standard where this engine does."
)
@click.option(
    "--curl",
    type=click.File(encoding="utf-8-sig"),
    metavar="FILE",
    help='A command from "Copy as cURL"; - is standard input.',
)
@click.option(
    "--console", metavar="TEXT", help="A sentence from the console of a browser; - is standard input."
)
@click.option("--dry-run", is_flag=True, help="Send the preflight only.")
@click.option("--send", is_flag=True, help="Send unsafe methods to a URL without a question.")
@click.option("--json", "as_json", is_flag=True, help="Write the story as JSON.")
def explain(  # noqa: PLR0913 (the options of the command)
    *,
    target: str | None,
    path: str | None,
    origin: str | None,
    method: str | None,
    headers: tuple[str, ...],
    data: str | None,
    credentials: bool,
    engine: EngineName | None,
    curl: IO[str] | None,
    console: str | None,
    dry_run: bool,
    send: bool,
    as_json: bool,
) -> None:
    """Explain what a browser does with a request, step by step, and why.

    TARGET is an application (module:app or a factory; ASGI, WSGI, Flask, FastAPI), a Django settings module,
    or a URL. PATH replaces the path of the URL. The request is really sent.

    The exit status is 0 if the page may read the response, 1 if CORS blocks it, and 2 without a verdict.

    \b
    Examples:
      crosscors explain main:app /items --origin https://app.example.com
      crosscors explain main:create_app /items/1 --origin http://localhost:5173 -X PUT -H X-Token
      crosscors explain project.settings /api/me --origin https://app.example.com --credentials
      crosscors explain https://api.example.com/items --origin https://app.example.com --engine webkit
      crosscors explain --curl request.txt --dry-run
      crosscors explain --console "Access to fetch at 'https://..." --origin https://app.example.com
    """
    options = Options(path, origin, method, headers, data, credentials)
    said = _read_console(console) if console is not None else None
    missing = lacks(said, options, target) if said and curl is None else None
    if said and missing:
        _end(_unplayed(said, missing), "What the console says", as_json=as_json)
    pasted = _pasted(curl, said)
    name = target or (pasted.url if pasted else None)
    if not name:
        raise CommandError(
            "There is nothing to explain.",
            "Name an application or a URL: crosscors explain main:app / --origin https://app.example.com",
        )
    is_url = "://" in name
    if is_url:
        _check_url(name)
    asked = read_asked(options, name if is_url else None, pasted)
    if is_url:
        require("httpx", extra="cli")
        # The preflight is enough to tell why the console says something about it.
        dry_run = dry_run or (said is not None and not asked.is_safe and not send)
        _confirm(asked, is_sent=send or dry_run)
    story = _story(name, asked, engine or (said.engine if said else None), is_dry=dry_run)
    title = f"{asked.method} {asked.url} from a page of {asked.origin}"
    _end(_told_by(said, story) if said else story, title, as_json=as_json)


def _end(story: Story, title: str, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json(story.as_json())
    else:
        from crosscors.cli.explain.text import print_story  # noqa: PLC0415 (JSON does without it)

        print_story(story, title)
    sys.exit(_STATUS[story.verdict])


def _pasted(curl: IO[str] | None, said: ConsoleSentence | None) -> PastedRequest | None:
    """The request of the page. A curl command tells more than the console."""
    if curl is not None:
        return read_pasted(_read(curl, "The file of --curl"))
    return request_of(said) if said else None


def _unplayed(said: ConsoleSentence, missing: str) -> Story:
    from crosscors.cli.explain.console_story import unplayed_story  # noqa: PLC0415 (as in _story)

    return unplayed_story(said, missing)


def _told_by(said: ConsoleSentence, story: Story) -> Story:
    from crosscors.cli.explain.console_story import told_by  # noqa: PLC0415 (as in _story)

    return told_by(said, story)


def _read_console(text: str) -> ConsoleSentence:
    try:
        return read_console(_read(sys.stdin, "Standard input") if text == "-" else text)
    except ConsoleError as error:
        raise CommandError(str(error), error.hint) from error


def _read(file: IO[str], what: str) -> str:
    try:
        return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{what} cannot be read: {error}.", "Save the text in UTF-8.") from error


def _check_url(name: str) -> None:
    from crosscors.cli.targets import check_url  # noqa: PLC0415 (as in _story)

    check_url(name)


def _confirm(asked: Asked, *, is_sent: bool) -> None:
    """Ask before an unsafe method goes to a live server."""
    if is_sent or asked.is_safe:
        return
    unsent = CommandError(
        f"{asked.method} may change something on the server, and nothing was sent.",
        "Write --send to send it, or --dry-run to send the preflight only.",
    )
    if not _can_answer() or not click.confirm(
        f"{asked.method} may change something at {asked.url}. Send it?", err=True
    ):
        raise unsent


def _can_answer() -> bool:
    """Whether somebody sits at the terminal."""
    return sys.stdin.isatty()


def _story(name: str, asked: Asked, engine: EngineName | None, *, is_dry: bool) -> Story:
    # Here, because they are not needed for --help.
    from crosscors.cli.explain.hints import hint_for  # noqa: PLC0415  # it takes a while
    from crosscors.cli.explain.playing import play  # noqa: PLC0415  # it takes a while
    from crosscors.cli.explain.serving import served  # noqa: PLC0415  # it takes a while
    from crosscors.cli.explain.story import story_of  # noqa: PLC0415  # it takes a while
    from crosscors.cli.targets import find_target  # noqa: PLC0415  # it takes a while

    found = find_target(name)
    played = play(asked, served(found, asked.url), engine, is_dry=is_dry)
    return story_of(played, hint_for(played, found))
