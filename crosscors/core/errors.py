"""What is wrong with a policy, as values: problems, the error that carries them, and warnings."""

from __future__ import annotations

from dataclasses import dataclass

_PLAIN_TYPES = (str, int, float, bool, type(None))
_SHOWN_CHARACTERS = 100
_SHOWN_PROBLEMS = 20


def shown(text: object) -> str:
    """The text in a form that is safe in a message: quoted, printable ASCII, bounded in length.

    All text from requests and settings goes through here into messages and logs, so that nobody can
    forge a log line or fill a disk with one header.

    >>> shown("https://example.com\\r\\nok")
    "'https://example.com\\\\r\\\\nok'"
    """
    # Cut before and after escaping: one character can become ten, and nobody needs a whole megabyte escaped.
    try:
        escaped = ascii(text[:_SHOWN_CHARACTERS] if isinstance(text, str) else text)
    except Exception:  # noqa: BLE001  # a repr can raise anything, and must not hide the message
        return f"<{type(text).__name__}>"
    is_whole = not isinstance(text, str) or len(text) <= _SHOWN_CHARACTERS
    if is_whole and len(escaped) <= _SHOWN_CHARACTERS + len("''"):
        return escaped
    closing = escaped[0] if isinstance(text, str) else ""
    return escaped[: _SHOWN_CHARACTERS + len(closing)] + closing + "..."


@dataclass(frozen=True)
class Problem:
    """One fault of a policy.

    Attributes:
        code: the kind of fault, stable across releases, such as ``"origin-trailing-slash"``.
        option: the option that has it, such as ``"allow_origins"``.
        value: the faulty value, as it was given.
        message: what is wrong, one sentence in plain words.
        hint: what to write instead.
    """

    code: str
    option: str
    value: object
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.option}: {self.message} {self.hint}"

    def as_dict(self) -> dict[str, object]:
        """The problem as a dict for ``json.dumps``. A value that is not a plain one becomes its repr."""
        value = self.value if isinstance(self.value, _PLAIN_TYPES) else repr(self.value)
        return {
            "code": self.code,
            "option": self.option,
            "value": value,
            "message": self.message,
            "hint": self.hint,
        }


class PolicyError(ValueError):
    """The error for a policy that cannot work or is not safe. It lists every problem at once.

    Attributes:
        problems: everything that is wrong.

    Example:
        >>> from crosscors import CORSPolicy
        >>> try:
        ...     CORSPolicy(allow_origins=["https://example.com/"])
        ... except PolicyError as error:
        ...     error.problems[0].code
        'origin-trailing-slash'
    """

    def __init__(self, problems: tuple[Problem, ...], subject: str = "CORS policy") -> None:
        super().__init__(problems, subject)
        self.problems = problems
        self._subject = subject

    def __str__(self) -> str:
        count = len(self.problems)
        heading = f"This {self._subject} has {'a problem' if count == 1 else f'{count} problems'}:"
        entries = (
            f"  {number}. {problem.option}: {problem.message}\n     {problem.hint}"
            for number, problem in enumerate(self.problems[:_SHOWN_PROBLEMS], start=1)
        )
        more = [f"  ... and {count - _SHOWN_PROBLEMS} more."] if count > _SHOWN_PROBLEMS else []
        return "\n".join([heading, *entries, *more])


class PolicyWarning(UserWarning):
    """The warning about something in a policy that is legal, but surely a mistake.

    Attributes:
        problem: what it is, and what to write instead.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem)
