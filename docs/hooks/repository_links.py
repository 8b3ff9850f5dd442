"""Links that work in the repository also work on the site.

In the repository, pages link to files outside docs/, and files such as CHANGELOG.md link into docs/. Some of
these files are pages of the site. A link to any other file becomes plain text, because the site does not have
the file. A link to a file that does not exist is a warning, and fails the build.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).parents[2]
# Where the site has files of the repository that are not in docs/.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing/index.md",
    "SECURITY.md": "security.md",
}
FILES = {page: file for file, page in PAGES.items()}

# A fenced block, which is left alone, or a link to a file: its text, its path, and its anchor.
LINK = re.compile(r"(?ms)^```.*?^```$|\[([^\]]+)\]\(([\w./-]+)(#[\w-]+)?\)")

log = logging.getLogger("mkdocs.hooks.repository_links")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for file, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(REPOSITORY / file)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    source = page.file.src_uri
    file = FILES.get(source, f"docs/{source}")
    return LINK.sub(lambda link: _on_the_site(link, file, source), markdown)


def _on_the_site(link: re.Match[str], file: str, page: str) -> str:
    """The link of this file, as the page of the site needs it."""
    text, path, anchor = link.groups()
    if text is None:
        return link[0]
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    if target in PAGES or (target.startswith("docs/") and target.endswith(".md")):
        inside = PAGES.get(target, target.removeprefix("docs/"))
        return f"[{text}]({posixpath.relpath(inside, posixpath.dirname(page) or '.')}{anchor or ''})"
    if target.startswith("docs/") and file.startswith("docs/"):
        return link[0]
    if not (REPOSITORY / target).exists():
        log.warning("%s links to %s, which does not exist", file, target)
    return text
