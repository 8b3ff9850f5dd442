"""Settings that come after ``CORS(app)``, which reads the configuration once, as Flask-CORS does.

They have no effect, and Flask does not say so. The policy stays what it was, and is often open to everyone.
So the first request compares the configuration with what was read.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from crosscors._adapter.reporting import log
from crosscors.flask.options import IGNORED, Layer, option_of, settings_in
from crosscors.flask.words import CORE_NAMES


class Reading(NamedTuple):
    """What ``CORS`` has read.

    Attributes:
        given: the options that were given to it. They come before the configuration.
        settings: what the configuration had.
    """

    given: Layer
    settings: Mapping[str, object]


def reading(given: Layer, config: Mapping[Any, Any]) -> Reading:
    """Note what the configuration has now."""
    # Copies, because a list may be extended later.
    copied = (list, set, dict)
    return Reading(
        given, {name: copy.copy(each) if type(each) in copied else each for name, each in settings_in(config)}
    )


def warn_of_late_settings(readings: Iterable[Reading], config: Mapping[Any, Any]) -> None:
    """Log the settings that have changed since ``CORS`` read them, in one line."""
    now = dict(settings_in(config))
    late = {name: None for each in readings for name in (*each.settings, *now) if _is_late(name, each, now)}
    if late:
        log(logging.WARNING, _TOO_LATE, ", ".join(late))


_TOO_LATE = (
    "%s changed in the configuration after CORS(app), which does not use the change. Set the configuration "
    "before CORS(app, ...). If the extension comes first, write cors = CORS(), and cors.init_app(app) later"
)


def _is_late(name: str, read: Reading, now: Mapping[str, object]) -> bool:
    given = read.given.values
    option = option_of(name)
    is_replaced = "policy" in given and option != "protect"  # which is not an option of a policy
    if name == IGNORED or is_replaced or CORE_NAMES.get(option, option) in given:
        return False
    before, after = read.settings.get(name), now.get(name)
    try:
        return before is not after and bool(before != after)
    except Exception:  # noqa: BLE001  # values can compare as they like, and no request may fail for this
        return False
