"""Working days in China, holidays and shifted days known (国务院办公厅 放假通知, by the package chinesecalendar)."""

from datetime import date, timedelta

import chinese_calendar


def is_known(year: int) -> bool:
    """Whether the State Council's plan of that year is in the package; of later years only weekends are known."""
    try:
        chinese_calendar.is_workday(date(year, 3, 1))
    except NotImplementedError:
        return False
    return True


def is_workday(day: date) -> bool:
    """By the plan of the year; where that is not known yet, Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def between(first: date, last: date) -> int:
    """How many working days there are from the first to the last, both counted."""
    return sum(is_workday(first + timedelta(days=n)) for n in range((last - first).days + 1))


def after(first: date, count: int) -> date:
    """The last of so many working days, the first day counted."""
    day, left = first, count
    while True:
        left -= is_workday(day)
        if left <= 0:
            return day
        day += timedelta(days=1)
