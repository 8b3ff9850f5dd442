"""What there is to say about a policy while it is edited: the same texts as in Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from crosscors.cli.check.advice import advice_about
from crosscors.cli.check.checked import InForce
from crosscors.cli.check.in_force import EVERY_PATH
from crosscors.cli.check.sentences import sentences
from crosscors.cli.demo.configurations import configurations
from crosscors.cli.demo.input import Edited
from crosscors.core.errors import Problem, shown
from crosscors.core.policy import CORSPolicy, make_policy
from crosscors.core.words import KEYWORDS

# Seconds that a regular expression may take for all origins together, and that anything is waited for.
_MOST_SECONDS = 3
_PATIENCE = 30
_REGEX = "allow_origin_regex"


def judged(edited: Edited, origins: Iterable[str]) -> tuple[CORSPolicy | None, dict[str, Any]]:
    """The policy, and what there is to say about it. The policy is None if there is a problem.

    Args:
        edited: the options.
        origins: the origins that the policy will be asked about.
    """
    slow = _too_slow(edited.options.get(_REGEX), origins)
    if slow is not None:
        return None, _report((slow,))
    policy, found = make_policy(edited.options, KEYWORDS)
    report = _report(found.problems, found.warnings)
    if policy is None:
        return None, report
    return policy, {
        **report,
        "advice": [each.as_dict() for each in advice_about(policy)],
        "sentences": sentences(InForce(EVERY_PATH, policy)),
        "configurations": configurations(policy, edited.protect),
    }


def _report(problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> dict[str, Any]:
    return {
        "problems": [each.as_dict() for each in problems],
        "warnings": [each.as_dict() for each in warnings],
        "advice": [],
        "sentences": [],
        "configurations": [],
    }


# Runs in a process of its own, because nothing can stop an expression that takes for ever in this one. What
# counts is the time of the processor, which a busy machine does not change.
_TRIAL = """
import contextlib, json, sys
from crosscors.core.policy import make_policy
from crosscors.core.request import CORSRequest
from crosscors.core.words import KEYWORDS
seconds, regex, origins = json.load(sys.stdin)
with contextlib.suppress(ImportError):  # not on Windows
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
for with_credentials in (False, True):
    options = {"allow_origin_regex": regex, "allow_credentials": with_credentials}
    policy, _ = make_policy(options, KEYWORDS)
    for origin in origins if policy else ():
        policy.decide(CORSRequest("GET", origin=origin))
"""


def _too_slow(regex: object, origins: Iterable[str]) -> Problem | None:
    """The problem of an expression that takes too long. Most do not, and need no trial."""
    if not isinstance(regex, str) or not _MAY_BE_SLOW.search(regex):
        return None
    trial = [_MOST_SECONDS, regex, [*origins]]
    with suppress(subprocess.TimeoutExpired):
        ended = subprocess.run(  # noqa: S603  # the program is written above
            [sys.executable, "-c", _TRIAL],
            input=json.dumps(trial).encode(),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        if ended.returncode == 0:
            return None
    message = f"{shown(regex)} takes too long: more than {_MOST_SECONDS} seconds."
    return Problem("slow-regex", _REGEX, regex, message, "Write it without a repeat inside a repeat.")


# Without a repeat, an expression cannot take long: the texts are short.
_MAY_BE_SLOW = re.compile("[*+{]")
