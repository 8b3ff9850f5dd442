"""What a check prints: text for people, and JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from crosscors.cli.check.advice import advice_about
from crosscors.cli.check.checked import Checked, InForce
from crosscors.cli.check.sentences import about_preflights, listed, sentences
from crosscors.cli.output import print_indented, stdout_console, styled
from crosscors.core.errors import PolicyError, Problem
from crosscors.core.origins.public_suffixes import is_old, list_date


@dataclass(frozen=True)
class Report:
    """What there is to say about one target.

    Attributes:
        target: its name.
        checked: what was found.
        advice: what could be better.
        trusted_sites: the sites whose pages may use cookies.
    """

    target: str
    checked: Checked
    advice: tuple[Problem, ...]
    trusted_sites: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there are no problems and no warnings. Advice does not count."""
        return not (self.checked.found.problems or self.checked.found.warnings)


def report_on(target: str, checked: Checked) -> Report:
    """The report with what follows from the policies."""
    is_known = {str(each.value) for each in checked.found.problems}
    every = (each for policy in checked.policies for each in advice_about(policy))
    advice = {str(each): each for each in every if str(each.value) not in is_known}
    sites = {site for policy in checked.policies for site in _trusted_sites(policy)}
    return Report(target, checked, tuple(advice.values()), tuple(sorted(sites)))


def _trusted_sites(policy: Any) -> tuple[str, ...]:
    try:
        sites: tuple[str, ...] = policy.trusted_sites
    except PolicyError:  # the list cannot be read, which is a problem of every policy that needs it
        return ()
    return sites


# JSON.


def as_json(reports: Iterable[Report]) -> dict[str, object]:
    """The reports for ``--json``. Keys are only ever added to this form."""
    return {"targets": [_target(each) for each in reports], "public_suffix_list": _suffix_list()}


def _target(report: Report) -> dict[str, object]:
    checked = report.checked
    return {
        "target": report.target,
        "policies": _policies(checked.in_force),
        "trusted_sites": list(report.trusted_sites),
        "problems": [each.as_dict() for each in checked.found.problems],
        "warnings": [each.as_dict() for each in checked.found.warnings],
        "advice": [each.as_dict() for each in report.advice],
        "equivalents": [
            {"library": each.library, "code": each.code, "policies": _policies(each.in_force)}
            for each in checked.equivalents
        ],
    }


def _policies(in_force: Iterable[InForce]) -> list[dict[str, object]]:
    return [{"where": each.where, "sentences": sentences(each)} for each in in_force]


def _suffix_list() -> Mapping[str, object]:
    day = list_date()
    if day is None:
        return {"date": None, "age_in_days": None, "is_old": None}
    return {"date": day.isoformat(), "age_in_days": _age(day), "is_old": is_old(day)}


def _age(day: date) -> int:
    return (date.today() - day).days


# Text.


def print_reports(reports: Iterable[Report]) -> None:
    """Write the reports to standard output."""
    console = stdout_console()
    for report in reports:
        for line in _lines(report):
            if line.is_code:
                console.print(styled(" " * line.indent, *line.parts), soft_wrap=True)
            elif line.parts:
                print_indented(console, line.indent, *line.parts)
            else:
                console.print()
    console.print(styled(about_suffix_list()))


class _Line(NamedTuple):
    """A line of text, before it is wrapped. Code is never wrapped."""

    indent: int
    parts: tuple[str | tuple[str, str], ...]
    is_code: bool = False


_EMPTY = _Line(0, ())


def _lines(report: Report) -> Iterable[_Line]:
    checked = report.checked
    yield _Line(0, ((report.target, "bold"),))
    yield from (_Line(2, (each,)) for each in _sentences(checked.in_force))
    if report.trusted_sites:
        yield _Line(2, (f"Sites whose pages may use cookies: {listed(report.trusted_sites)}.",))
    yield from _findings("Problem", "bold red", checked.found.problems)
    yield from _findings("Warning", "bold yellow", checked.found.warnings)
    yield from _findings("Advice", "bold cyan", report.advice)
    for equivalent in checked.equivalents:
        yield from (_EMPTY, _Line(2, ("In place of ", (equivalent.library, "bold"), ", write:")), _EMPTY)
        yield from (_Line(4, (line,), is_code=True) for line in equivalent.code.splitlines())
        yield from (_EMPTY, _Line(2, ("That means:",)))
        yield from (_Line(4, (each,)) for each in _sentences(equivalent.in_force))
    yield from (_EMPTY, _Line(2, (_count(report),)), _EMPTY)


def _sentences(every: Collection[InForce]) -> list[str]:
    """What the policies mean. What is the same for all of them is said once."""
    said = [sentence for in_force in every for sentence in sentences(in_force)]
    of_preflights = {about_preflights(each.policy) for each in every if each.policy is not None} & {*said}
    if len(of_preflights) > 1:
        return said
    return [each for each in said if each not in of_preflights] + [*of_preflights]


def _findings(kind: str, style: str, found: Iterable[Problem]) -> Iterable[_Line]:
    for each in found:
        yield from (
            _EMPTY,
            _Line(2, ((kind, style), f" {each.option}: {each.message}")),
            _Line(4, (each.hint,)),
        )


def _count(report: Report) -> str:
    found = report.checked.found
    if report.is_clean:
        return "No problems and no warnings."
    problems, warnings = len(found.problems), len(found.warnings)
    return (
        f"{_number(problems, 'problem') if problems else 'No problems'} and {_number(warnings, 'warning')}."
    )


def _number(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def about_suffix_list() -> str:
    """How old the public suffix list is."""
    day = list_date()
    if day is None:
        return "The version of publicsuffixlist does not say how old the public suffix list is."
    update = " Newer suffixes are missing. Run: pip install -U publicsuffixlist" if is_old(day) else ""
    return f"The public suffix list is of {day.isoformat()}, {_number(_age(day), 'day')} old.{update}"
