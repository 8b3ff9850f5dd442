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


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    public_suffix_list.cache_clear()
    yield
    public_suffix_list.cache_clear()


def test_every_suffix_of_the_list_makes_its_parents_ones_with_many_owners() -> None:
    suffixes = public_suffix_list()
    with open(publicsuffixlist.PSLFILE, encoding="utf-8") as file:
        rules = [line.strip() for line in file if line.strip() and not line.startswith("//")]
    above = {rule.lstrip("!*.").partition(".")[2] for rule in rules if rule.isascii()} - {""}
    assert len(above) > 400
    assert all(map(suffixes.has_many_owners, above))


@pytest.mark.parametrize(
    "raised",
    [
        pytest.param(FileNotFoundError(2, "No such file or directory"), id="missing"),
        pytest.param(NotADirectoryError(20, "Not a directory"), id="in a zip file"),
        pytest.param(PermissionError(13, "Permission denied"), id="not readable"),
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"allow_origins": ["https://*.a.com", "https://*.b.com"]}, id="patterns"),
        pytest.param({"allow_origin_regex": r"https://[a-z]+\.example\.com"}, id="an expression"),
    ],
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


@pytest.mark.parametrize(
    ("content", "because"),
    [
        pytest.param(b"// nothing\n", "no rules", id="without rules"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="of other bytes"),
        pytest.param("com\né..com\n".encode(), "names that are not", id="with a name that is none"),
    ],
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


@pytest.mark.parametrize(
    ("version", "is_logged"),
    [
        pytest.param(_version(timedelta(days=3 * 366)), True, id="three years old"),
        pytest.param(_version(timedelta(days=2 * 365 + 1)), True, id="two years and a day"),
        pytest.param(_version(timedelta(days=2 * 365 - 1)), False, id="two years less a day"),
        pytest.param(_version(timedelta()), False, id="of today"),
        pytest.param("2.0", False, id="a version without a date"),
        pytest.param("1.0.2.99999999", False, id="a number that is not a date"),
    ],
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
