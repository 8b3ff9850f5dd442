"""The public suffix list: what is asked of it, and what happens where it is old or cannot be read."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import publicsuffixlist
import pytest

from crosscors import CORSPolicy, PolicyError
from crosscors.core.origins.public_suffixes import public_suffix_list
from crosscors.core.origins.regexes.sites import sites_of
from tests.tables import table


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    public_suffix_list.cache_clear()
    sites_of.cache_clear()
    yield
    public_suffix_list.cache_clear()


def test_every_suffix_of_the_list_makes_its_parents_ones_with_many_owners() -> None:
    suffixes = public_suffix_list()
    with open(publicsuffixlist.PSLFILE, encoding="utf-8") as file:
        rules = [line.strip() for line in file if line.strip() and not line.startswith("//")]
    above = {rule.lstrip("!*.").partition(".")[2] for rule in rules if rule.isascii()} - {""}
    assert len(above) > 400
    assert all(map(suffixes.has_many_owners, above))


@table(
    "raised",
    ("missing", FileNotFoundError(2, "No such file or directory")),
    ("in a zip file", NotADirectoryError(20, "Not a directory")),
)
@table(
    "options",
    ("patterns", {"allow_origins": ["https://*.a.com", "https://*.b.com"]}),
    ("an expression", {"allow_origin_regex": r"https://[a-z]+\.example\.com"}),
)
def test_a_list_that_cannot_be_read_is_one_problem_that_says_what_to_install(
    raised: OSError, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_list(path: object, *rest: Any, **keywords: Any) -> Any:
        if str(path).endswith("public_suffix_list.dat"):
            raise raised
        return real(path, *rest, **keywords)  # type: ignore[call-overload]

    real = builtins.open
    monkeypatch.setattr(builtins, "open", no_list)
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options, allow_credentials=True)
    (problem,) = caught.value.problems
    assert problem.code == "suffix-list-unreadable"
    assert str(raised.strerror) in problem.message
    assert "pip install" in problem.hint
    # What does not depend on the list starts all the same.
    CORSPolicy(**options)
    # Nothing is proposed of which nothing is proved.
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origins=r"https://(a|b)\.com")
    assert "List each origin" in caught.value.problems[0].hint
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origin_regex="*.b.com", allow_credentials=True)
    assert "*.b.com" not in caught.value.problems[0].hint
    policy = CORSPolicy(allow_origins=["https://a.com", "http://localhost:*"], allow_credentials=True)
    with pytest.raises(PolicyError, match="pip install"):
        _ = policy.trusted_sites


@table(
    "content, because",
    ("without rules", b"// nothing\n", "no rules"),
    ("of other bytes", b"\xff\xfe", "not UTF-8"),
    ("with a name that is not valid", "com\né..com\n".encode(), "names that are not"),
)
def test_a_list_that_is_not_one_is_a_problem_as_well(
    content: bytes, because: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "public_suffix_list.dat"
    path.write_bytes(content)
    monkeypatch.setattr(publicsuffixlist, "PSLFILE", str(path))
    with pytest.raises(PolicyError, match=because):
        CORSPolicy(allow_origins=["https://*.a.com"], allow_credentials=True)


def _version(age: timedelta) -> str:
    return f"1.0.2.{date.today() - age:%Y%m%d}"


@table(
    "version, is_logged",
    ("two years and a day old", _version(timedelta(days=2 * 365 + 1)), True),
    ("two years less a day old", _version(timedelta(days=2 * 365 - 1)), False),
    ("a version without a date", "2.0", False),
    ("a number that is not a date", "1.0.2.99999999", False),
)
def test_an_old_list_is_logged_once_and_never_warned_of(
    version: str, is_logged: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publicsuffixlist, "__version__", version)
    with caplog.at_level(logging.WARNING, logger="crosscors"):
        CORSPolicy(allow_origins=["https://a.com"], allow_credentials=True)
        assert not caplog.records  # this policy does not depend on the list
        CORSPolicy(allow_origins=["https://*.a.com"], allow_credentials=True)
        CORSPolicy(allow_origin_regex=r"https://a\.com", allow_credentials=True)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * is_logged
    assert all("pip install -U publicsuffixlist" in record.getMessage() for record in caplog.records)


def test_without_the_list_no_expression_is_proposed_for_several(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(publicsuffixlist, "PSLFILE", str(tmp_path / "missing"))
    entries = [r"https://[ab]\.example\.com", r"https://[cd]\.example\.com"]
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origins=entries, allow_credentials=True)
    assert not any("|" in problem.hint for problem in caught.value.problems)
