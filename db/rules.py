"""Rules over several fields that more than one register has."""

from collections.abc import Mapping
from typing import Any

from db.problems import Problem


def dates_in_order(values: Mapping[str, Any], first: str, last: str, said: str = "结束日期早于开始日期，请核对。") -> list[Problem]:
    """The later date may not end before the earlier begins; a date that is only a month is given the benefit of the doubt."""
    start, end = values.get(first), values.get(last)
    return [Problem("dates-reversed", said, last)] if start and end and end.last_day() < start.first_day() else []


def wanted(values: Mapping[str, Any], *names: tuple[str, str]) -> list[Problem]:
    """Fields that this kind of record needs: (field, what to say)."""
    return [Problem("wanted", said, name) for name, said in names if values.get(name) in (None, "")]
