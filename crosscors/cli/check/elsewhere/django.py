"""django-cors-headers. Most of its settings have the same names here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crosscors.cli.check.checked import Checked, Equivalent, InForce
from crosscors.cli.check.elsewhere.origins import REMARK, as_options, is_open_ended, open_ended, plainest
from crosscors.cli.check.elsewhere.theirs import Mended, Theirs, code, comments, judged, mended
from crosscors.cli.check.in_force import EVERY_PATH
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.origins.serialized import NULL
from crosscors.core.policy import DEFAULTS, options_of
from crosscors.core.values import ANY, Findings, collected, warned

if TYPE_CHECKING:
    from crosscors.django.words import SettingWords

LIBRARY = "django-cors-headers"
_MIDDLEWARE = "corsheaders.middleware.CorsMiddleware"
# These are always allowed. They are in the list of django-cors-headers that projects add to.
_IN_THEIR_DEFAULT = ("accept", "content-type")
_EVERY_URL = ("^.*$", ".*", "^.*", "")
_LINES = """\
# In INSTALLED_APPS, write "crosscors.django" in place of "corsheaders".
# In MIDDLEWARE, write "crosscors.django.CORSMiddleware" in place of "corsheaders.middleware.CorsMiddleware".
"""


def check(settings: Any) -> Checked:
    """What the settings allow, and how to write them here.

    Args:
        settings: Django's settings. They are configured.
    """
    if _MIDDLEWARE not in settings.MIDDLEWARE or find_spec("corsheaders") is None:
        return Checked()
    from corsheaders.conf import conf  # noqa: PLC0415  # installed, because the settings name it

    from crosscors.django.words import SettingWords  # noqa: PLC0415  # it needs Django

    regex = _text(conf.CORS_URLS_REGEX)
    where = EVERY_PATH if regex in _EVERY_URL else f"paths that begin with what {regex} matches"
    words = SettingWords({}, allows_all=conf.CORS_ALLOW_ALL_ORIGINS)
    theirs = _theirs(where, conf, words)
    ours = mended(theirs, words)
    text = _LINES + comments(ours.remarks) + _settings(ours, None if where == EVERY_PATH else regex)
    found = judged(theirs, words)
    return Checked(found=found, equivalents=(Equivalent(LIBRARY, text, (InForce(where, ours.policy),)),))


def _text(expression: str | re.Pattern[str]) -> str:
    return expression if isinstance(expression, str) else expression.pattern


def _theirs(where: str, conf: Any, words: SettingWords) -> Theirs:
    origins = list(conf.CORS_ALLOWED_ORIGINS)
    expressions = [re.compile(each) for each in conf.CORS_ALLOWED_ORIGIN_REGEXES]
    plain = tuple(map(plainest, expressions))
    everyone = [ANY] if conf.CORS_ALLOW_ALL_ORIGINS else []
    options = {
        **as_options([*everyone, *map(_compared, origins)], plain),
        "allow_methods": list(conf.CORS_ALLOW_METHODS),
        "allow_headers": [name for name in conf.CORS_ALLOW_HEADERS if name not in _IN_THEIR_DEFAULT],
        "allow_credentials": bool(conf.CORS_ALLOW_CREDENTIALS),
        "expose_headers": list(conf.CORS_EXPOSE_HEADERS),
        "max_age": conf.CORS_PREFLIGHT_MAX_AGE or None,  # it sends no header for 0
    }
    remarks = (REMARK,) if any(map(is_open_ended, expressions)) else ()
    found = open_ended(words.name("allow_origin_regex"), expressions)
    return Theirs(where, options, found + _letting_null_in(origins, words), remarks, plain)


def _letting_null_in(origins: Iterable[str], words: SettingWords) -> Findings:
    """A warning for each origin without a scheme: it equals all others without one, which "null" is."""
    message = 'has no scheme. So django-cors-headers lets in the origin "null", which every site can send.'
    without = (each for each in origins if each != NULL and urlsplit(each)[:2] == ("", ""))
    return collected(
        warned("null-let-in", words.name("allow_origins"), each, message, f'Write "https://{each}".')
        for each in without
    )


def _compared(origin: str) -> str:
    """The part of an origin that django-cors-headers compares: it ignores a path."""
    parts = urlsplit(origin)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else origin


def _settings(ours: Mended, urls: str | None) -> str:
    lines = [f"{name} = {text}" for name, text in settings_lines(ours)]
    lines += [f"CORS_URLS_REGEX = {code(urls)}"] if urls is not None else []
    return "\n".join(lines)


def settings_lines(ours: Mended) -> Iterable[tuple[str, str]]:
    """The settings that differ from the defaults, which are those of django-cors-headers here, too."""
    from crosscors.django import names  # noqa: PLC0415  # Django is there
    from crosscors.django.defaults import default_headers, default_methods  # noqa: PLC0415  # Django is there

    options = options_of(ours.policy)
    listed = [each for each in ours.policy.allow_origins if each != ANY]
    if ANY in ours.policy.allow_origins:
        yield names.ALL_ORIGINS, "True"
    defaults = {
        **DEFAULTS,
        "allow_methods": tuple(default_methods),
        "allow_headers": tuple(default_headers),
        "max_age": 86400,
    }
    for name, option in names.OPTIONS.items():
        value: Any = listed if option == "allow_origins" else options[option]
        if option == "allow_origin_regex" and value is not None:
            yield name, code([with_flags_inline(each) for each in ours.expressions])
        elif value != defaults[option] and value != []:
            yield name, code(value)
