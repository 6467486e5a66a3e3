"""What can be wrong with a value, as a value: a code for programs, a sentence for the clerk."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps the record out; a warning only asks for a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """`code` is stable and published; `field` is the field's name or None for the whole record."""

    code: str
    message: str
    field: str | None = None
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def warning(code: str, message: str, field: str | None = None) -> Problem:
    return Problem(code, message, field, Severity.WARNING)


class UserError(Exception):
    """Something the world did. Its text is one full sentence: what happened, what to do."""
