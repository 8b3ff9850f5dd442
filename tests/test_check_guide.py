"""What docs/check.md shows of files is read as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from crosscors import Resources
from crosscors.core.document import read_document

GUIDE = (Path(__file__).parents[1] / "docs" / "check.md").read_text(encoding="utf-8")


def test_the_file_in_the_guide_is_valid() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    document, found = read_document(text, "toml")
    assert document is not None, found.problems
    assert not found.warnings
    assert document.version == 3
    assert isinstance(document.policies, Resources)
    assert document.policies.policy_for("/api/admin/users") is None
    for path in ("/api/items", "/v1/items"):
        assert document.policies.policy_for(path) is not None
