"""django-cors-headers. Most of its settings have the same names here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crosscors.cli.check.checked import Checked, Equivalent, InForce
from crosscors.cli.check.elsewhere.mending import Mended, mended
from crosscors.cli.check.elsewhere.origins import (
    REMARK,
    TYPES_REMARK,
    allows_types,
    as_options,
    is_open_ended,
    open_ended,
    patterns_in,
    plainest,
)
from crosscors.cli.check.elsewhere.theirs import Theirs, code, comments, judged
from crosscors.cli.check.in_force import EVERY_PATH
from crosscors.cli.output import CommandError
from crosscors.core.errors import shown
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.origins.serialized import NULL
from crosscors.core.policy import DEFAULTS, options_of
from crosscors.core.values import ANY, Findings, as_list, collected, warned

if TYPE_CHECKING:
    from crosscors.django.words import SettingWords

LIBRARY = "django-cors-headers"
_MIDDLEWARE = "corsheaders.middleware.CorsMiddleware"
# These are always allowed. They are in the list of django-cors-headers that projects add to.
_IN_THEIR_DEFAULT = ("accept", "content-type")
_EVERY_URL = ("^.*$", ".*", "^.*", "")
_LINES = """\
# In INSTALLED_APPS, write "crosscors.django" in place of "corsheaders".
# In MIDDLEWARE, write "crosscors.django.CORSMiddleware" in place of
# "corsheaders.middleware.CorsMiddleware".
"""


def check(settings: Any) -> Checked:
    """What the settings allow, and how to write them here.

    Args:
        settings: Django's settings. They are configured.
    """
    if _MIDDLEWARE not in settings.MIDDLEWARE or find_spec("corsheaders") is None:
        return Checked()
    from corsheaders.conf import conf  # noqa: PLC0415  # installed, because the settings name it

    from crosscors.django.settings import read_urls_regex  # noqa: PLC0415  # it needs Django
    from crosscors.django.words import SettingWords  # noqa: PLC0415  # it needs Django

    of_paths = read_urls_regex(conf.CORS_URLS_REGEX)[1]
    for each in of_paths.problems:
        if each.code != "path-relative":  # django-cors-headers does not start, either
            raise CommandError(f"{each.option}: {each.message}", each.hint)
    regex = _text(conf.CORS_URLS_REGEX)
    regex = f"/{regex.removeprefix('^')}" if of_paths.problems else regex
    where = EVERY_PATH if regex in _EVERY_URL else f"paths that begin with what {regex} matches"
    words = SettingWords({}, allows_all=conf.CORS_ALLOW_ALL_ORIGINS)
    theirs = _theirs(where, conf, words)
    ours = mended(theirs, words)
    text = _LINES + comments(ours.remarks) + _settings(ours, None if where == EVERY_PATH else regex)
    found = of_paths + judged(theirs, words)
    return Checked(found=found, equivalents=(Equivalent(LIBRARY, text, (InForce(where, ours.policy),)),))


def _text(expression: str | re.Pattern[str]) -> str:
    return expression if isinstance(expression, str) else expression.pattern


def _theirs(where: str, conf: Any, words: SettingWords) -> Theirs:
    origins = as_list(conf.CORS_ALLOWED_ORIGINS)
    name = words.name("allow_origins")
    is_credentialed = bool(conf.CORS_ALLOW_CREDENTIALS)
    patterns = patterns_in(origins, name, lambda _: _AS_TEXT, is_credentialed=is_credentialed)
    expressions = [_compiled(each) for each in as_list(conf.CORS_ALLOWED_ORIGIN_REGEXES)]
    plain = tuple(map(plainest, expressions))
    everyone = [ANY] if conf.CORS_ALLOW_ALL_ORIGINS else []
    listed = [_compared(each) if isinstance(each, str) else each for each in patterns.origins if each != ANY]
    methods, headers = list(conf.CORS_ALLOW_METHODS), list(conf.CORS_ALLOW_HEADERS)
    options = {
        **as_options([*everyone, *listed], plain),
        "allow_methods": _with_safelisted(methods),
        "allow_headers": [name for name in headers if name not in _IN_THEIR_DEFAULT],
        "allow_credentials": is_credentialed,
        "expose_headers": list(conf.CORS_EXPOSE_HEADERS),
        "max_age": conf.CORS_PREFLIGHT_MAX_AGE or None,  # it sends no header for 0
    }
    remarks = [*patterns.remarks]
    remarks += [REMARK] if any(map(is_open_ended, expressions)) else []
    remarks += [] if allows_types(headers) else [TYPES_REMARK]
    remarks += [_ANY_NAME] if ANY in (*methods, *headers) else []
    remarks += [] if options["allow_methods"] == methods else [_LISTED_HERE]
    found = open_ended(words.name("allow_origin_regex"), expressions) + patterns.found
    found += _strings(conf, words) or _wrong_entries(origins, words)
    return Theirs(where, options, found, tuple(remarks), plain)


def _strings(conf: Any, words: SettingWords) -> Findings | None:
    """Warnings about strings where django-cors-headers takes lists."""
    strings = {
        "allow_origins": (conf.CORS_ALLOWED_ORIGINS, "lets nobody in"),
        "allow_origin_regex": (conf.CORS_ALLOWED_ORIGIN_REGEXES, "lets every origin in"),
    }
    found = [
        warned(
            "string-as-list",
            words.name(option),
            value,
            f"is one string. django-cors-headers reads it letter by letter, so it {effect}.",
            f'Write {words.name(option)} = ["{value}"].',
        )
        for option, (value, effect) in strings.items()
        if isinstance(value, str)
    ]
    return collected(found) if found else None


def _compiled(expression: Any) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        message = f"CORS_ALLOWED_ORIGIN_REGEXES: {shown(expression)} is not a valid expression: {error}."
        raise CommandError(message, r'Write [r"^https://app\.example\.com$"].') from error


_AS_TEXT = "lets nobody in: django-cors-headers compares it as text."
_ANY_NAME = '"*" also covers Authorization here, and requests with cookies.'
_LISTED_HERE = "Browsers let GET and POST pass without being listed today. Here, they must be listed."


def _with_safelisted(methods: list[str]) -> list[str]:
    """The methods, and those that browsers let pass whatever the response to the preflight lists."""
    if ANY in methods:
        return methods
    listed = {each.upper() for each in methods}
    return [*(each for each in ("GET", "POST") if each not in listed), *methods]


def _wrong_entries(origins: list[Any], words: SettingWords) -> Findings:
    name = words.name("allow_origins")
    if ANY not in origins:
        return _letting_null_in(origins, words)
    message = "does not let every origin in, only the origin null."
    hint = "If every site may read responses, write CORS_ALLOW_ALL_ORIGINS = True."
    others = [each for each in origins if each != ANY]
    return warned("null-let-in", name, ANY, message, hint) + _letting_null_in(others, words)


def _letting_null_in(origins: Iterable[object], words: SettingWords) -> Findings:
    """A warning for each origin without a scheme: it equals all others without one, which "null" is."""
    message = 'has no scheme. So django-cors-headers lets in the origin "null", which every site can send.'
    texts = (each for each in origins if isinstance(each, str) and each != NULL)
    without = (each for each in texts if urlsplit(each)[:2] == ("", ""))
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
