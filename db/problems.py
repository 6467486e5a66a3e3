"""What can be wrong with a value, as a value: a code for programs, a sentence for the clerk."""

import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


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


def places(error: BaseException) -> str:
    """Type and places of an error of ours, for the log. Its message is left out: it may hold a name or a number."""
    lines = []
    current: BaseException | None = error
    while current is not None:
        lines.append(type(current).__name__)
        lines += [f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(current.__traceback__)]
        current = current.__cause__
    return "\n".join(lines)


class UserError(Exception):
    """Something the world did. Its text is one full sentence: what happened, what to do."""
