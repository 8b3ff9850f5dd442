"""Where the policy stands: the options --url and --key, the connection, and why there is none."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crosscors.cli import require
from crosscors.cli.output import CommandError

if TYPE_CHECKING:
    from crosscors.live.store import Place, Store

_F = TypeVar("_F", bound=Callable[..., Any])

DEFAULT_KEY = "crosscors:policy"
_VARIABLE = "CROSSCORS_REDIS_URL"


def with_place(command: _F) -> _F:
    """The command with the options --url and --key."""
    url = click.option(
        "--url",
        envvar=_VARIABLE,
        metavar="URL",
        help=f"redis://HOST:PORT, rediss:// or unix://. Default: the environment variable {_VARIABLE}. "
        "Other users of the machine see what stands in a command, so keep passwords in the variable.",
    )
    key = click.option("--key", default=DEFAULT_KEY, show_default=True, help="The key that workers follow.")
    return url(key(command))


def read_place(url: str | None, key: str) -> Place:
    """The place that the options name.

    Raises:
        CommandError: if they name none.
    """
    require("redis", extra="redis")
    from crosscors.live import store  # noqa: PLC0415  # it takes a while
    from crosscors.live.documents import StorageError  # noqa: PLC0415  # it takes a while

    if not url:
        raise CommandError(
            "There is no URL of Redis.", f"Write --url redis://localhost:6379, or set {_VARIABLE}."
        )
    try:
        return store.read_place(url, key)
    except StorageError as error:
        raise CommandError(error.message, error.hint) from None


@contextmanager
def connected(place: Place) -> Generator[Store]:
    """A connection to the place.

    Raises:
        CommandError: if Redis cannot be reached or refuses, or a document cannot be stored.
    """
    from redis.exceptions import RedisError  # noqa: PLC0415  # it takes a while

    from crosscors.live.documents import StorageError  # noqa: PLC0415  # it takes a while
    from crosscors.live.store import Store  # noqa: PLC0415  # it takes a while

    try:
        with Store(place) as store:
            yield store
    except StorageError as error:
        raise CommandError(error.message, error.hint) from error
    except (RedisError, OSError) as error:
        said = str(error).rpartition(" of pipeline caused error: ")[2].rstrip(".?")
        raise CommandError(f"{place.name} cannot be used: {said}.", _hint(error)) from error


def _hint(error: Exception) -> str:
    from redis import exceptions  # noqa: PLC0415  # imported already

    if isinstance(error, exceptions.AuthenticationError):
        return "Correct the user and the password in the URL: redis://USER:PASSWORD@HOST:6379."
    if isinstance(error, (exceptions.ConnectionError, exceptions.TimeoutError, OSError)):
        return "Is Redis running there? Write rediss:// if it uses TLS, and redis:// if it does not."
    if isinstance(error, exceptions.ReadOnlyError):
        return "Write the URL of the primary. Replicas cannot be written to."
    if isinstance(error, exceptions.NoPermissionError):
        return (
            "The user needs the keys KEY*, the channel KEY:changed, and the commands +getrange +set +lpush "
            "+ltrim +lrange +time +watch +unwatch +multi +exec +publish +subscribe."
        )
    return "If the key is used for something else, write another --key."


def shown_time(seconds: float) -> str:
    """The time in UTC.

    >>> shown_time(0)
    '1970-01-01 00:00:00 UTC'
    """
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
