"""Public notices (公示): at least so many working days, holidays known, and what they must not show."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.services.policies import rule
from db import workdays
from db.dates import PartialDate
from db.problems import Problem, warning


def check(connection: Connection | None, values: Mapping[str, Any], today: date) -> list[Problem]:
    """What is wrong with a record's notice: missing, too short, not over, an objection."""
    start, end = values.get("notice_from"), values.get("notice_to")
    if not isinstance(start, PartialDate) or not isinstance(end, PartialDate):
        return [Problem("notice-missing", "还没有填公示的起止日期。", "notice_from")]
    if start.day is None or end.day is None:
        return [Problem("notice-day", "公示的起止要写到哪一天，例如 2026-11-09。", "notice_from")]
    wanted = rule(connection, "notice_working_days", start.first_day())
    days = workdays.between(start.first_day(), end.last_day())
    found = []
    if days < wanted.value:
        found.append(Problem("notice-short", f"公示只有 {days} 个工作日，要不少于 {wanted.value} 个工作日；从 {start.first_day()} 起最早到 {workdays.after(start.first_day(), wanted.value)}。", "notice_to"))
    if end.last_day() >= today:
        found.append(Problem("notice-running", f"公示到 {end.last_day()} 才结束，结束以后才能上报。", "notice_to"))
    if not workdays.is_known(end.year):
        found.append(warning("holidays-unknown", f"{end.year} 年的放假安排还不知道，工作日只按周一到周五算，请自己核对。", "notice_to"))
    if (said := (values.get("objections") or "").strip()) and said not in ("无", "无异议", "没有异议"):
        found.append(warning("objection", f"公示意见写着“{said[:20]}”，请先处理。", "objections"))
    return found
