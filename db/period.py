"""A stretch of twelve months: the calendar's year, or October to September as the yearly survey wants it (domain 1.5)."""

from dataclasses import dataclass
from datetime import date, datetime

from db.fields import MOMENT


@dataclass(frozen=True)
class Year:
    """First day, and the first day after it."""

    title: str
    begins: date
    ends: date

    @classmethod
    def calendar(cls, year: int) -> "Year":
        return cls(f"{year}年", date(year, 1, 1), date(year + 1, 1, 1))

    @classmethod
    def from_october(cls, year: int) -> "Year":
        """October of the year before to September."""
        return cls(f"{year - 1}年10月至{year}年9月", date(year - 1, 10, 1), date(year, 10, 1))

    @classmethod
    def of(cls, year: int, *, october: bool) -> "Year":
        return cls.from_october(year) if october else cls.calendar(year)

    @property
    def before(self) -> "Year":
        """The twelve months before."""
        begins = self.begins.replace(year=self.begins.year - 1)
        return Year.of(begins.year if begins.month == 1 else begins.year + 1, october=begins.month != 1)

    @property
    def written(self) -> tuple[str, str]:
        """Both ends as the file holds instants."""
        first, last = (datetime.combine(day, datetime.min.time()).astimezone() for day in (self.begins, self.ends))
        return str(MOMENT.to_wire(first)), str(MOMENT.to_wire(last))
