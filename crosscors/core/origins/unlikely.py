"""Entries that are legal, but surely not meant, because no page has such an origin."""

from __future__ import annotations

import re

from crosscors.core.errors import shown
from crosscors.core.origins.serialized import DEFAULT_PORTS, split
from crosscors.core.values import Findings, means_unset, warned
from crosscors.core.words import Words

# Names that services have in Docker Compose, alone or as parts of "my-frontend-1". They are few on purpose:
# any name without a dot can be a machine in an intranet, and nobody should have to silence a warning on it.
# Real machines are called "jenkins" or "intranet", not "frontend".
_SERVICES = frozenset(
    {"angular", "backend", "client", "frontend", "next", "nextjs", "nginx", "nuxt", "react", "svelte"}
    | {"spa", "ui", "vite", "vue", "web", "webapp"}
)


# Pages also open sockets and load files with these schemes. Their Origin header has the scheme of the page.
_SCHEMES_OF_PAGES = {"wss": "https", "ws": "http", "ftp": "http"}


def findings(option: str, entry: str, words: Words) -> Findings:
    """A warning about a well-formed entry that is surely not meant."""
    scheme, host, port = split(entry)
    name = words.name(option)
    if scheme in _SCHEMES_OF_PAGES:
        message = f"is not the origin of any page: its scheme is {scheme}."
        of_page = _SCHEMES_OF_PAGES[scheme]
        is_default = port == f":{DEFAULT_PORTS[of_page]}"
        page = f"{of_page}://{host}{'' if is_default else port}"
        return warned("unlikely-scheme", name, entry, message, f'Write "{page}", the origin of the page.')
    if means_unset(host.removeprefix("*.")):
        message = f"has the host {shown(host)}, as if a variable was not set."
        return warned(
            "unlikely-host", name, entry, message, 'Write an origin such as "https://app.example.com".'
        )
    local = on_this_machine(entry)
    if local is None:
        return Findings()
    message = "looks like the name of a Docker service. Only containers know that name, browsers do not."
    hint = f'If a browser on this machine opens the page, write "{local}".'
    return warned("unlikely-host", name, entry, message, hint)


def on_this_machine(entry: str) -> str | None:
    """The origin of a Docker service for browsers outside Docker; None if the host is not the name of one."""
    scheme, host, port = split(entry)
    is_service = "." not in host and not _SERVICES.isdisjoint(re.split("[-_]", host))
    return f"http://localhost{port}" if scheme == "http" and is_service else None
