"""What the district sent down, as rows by kind: they stand beside the rows that the program ships, and in front of them."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import Connection, select

from app.services.records import table_of
from db import codes
from db.registers import DistrictItem

_SHIPPED_KEY = {"policy": "id", "target": "count", "purpose": "id"}
"""By which of its values a shipped row is called."""


_NEEDED: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "lecture-plan": {"topic": str, "starts_at": str, "place": str},
    "target": {"count": str, "title": str, "wanted": (int, str), "unit": str, "source": str, "valid_from": str},
    "policy": {"id": str, "title": str, "scope": str, "source": str, "valid_from": str, "window_months": int, "once_per_level": bool, "per_person_and_year": int, "no_lower_after_higher": bool, "levels": list, "kinds": list},
    "purpose": {"id": str, "title": str, "basis": str, "valid_from": str, "fields": dict}, "code": {"table": str, "term": str}, "form": {"name": str, "toml": str},
}
"""What an item of each kind must have, and of which type."""


_LABELS = {
    "topic": "题目", "starts_at": "时间", "place": "地点", "count": "数什么", "title": "名称", "wanted": "每个单位", "unit": "单位", "source": "文号依据", "valid_from": "从哪天起", "id": "编号", "levels": "等级和金额",
    "kinds": "证书种类", "fields": "字段", "table": "哪张表", "term": "新词", "name": "名称", "toml": "内容", "basis": "依据",
}


def problem_of(kind: str, body: Mapping[str, Any]) -> str:
    """Why an item of the district could not be used, in a sentence; empty when it can. Both ends ask."""
    if missing := [name for name, type_ in _NEEDED[kind].items() if not isinstance(body.get(name), type_) or body.get(name) in ("", [], {})]:
        return f"这几项没有填或写错了：{'、'.join(_LABELS.get(name, name) for name in missing)}。"
    try:
        for name in ("valid_from", "valid_to"):
            if body.get(name):
                date.fromisoformat(str(body[name]))
        if kind == "lecture-plan":
            datetime.fromisoformat(str(body["starts_at"]))
    except ValueError:
        return "日期要写成 2026-01-01 的样子。"
    if kind == "policy" and not all(isinstance(level, dict) and isinstance(level.get("level"), str) and isinstance(level.get("amount"), int) for level in body["levels"]):
        return "等级和金额写错了。"
    if kind == "purpose" and not all(isinstance(fields, list) and all(isinstance(name, str) for name in fields) for fields in body["fields"].values()):
        return "用途的字段要按资料种类列出。"
    if kind == "code" and body["table"] not in {table.name for table in codes.tables()}:
        return f"没有“{body['table']}”这张代码表。"
    return ""


def from_above(connection: Connection, kind: str) -> dict[str, dict[str, Any]]:
    """The district's rows of a kind, by key."""
    table = table_of(DistrictItem)
    rows = connection.execute(select(table.c.key, table.c.body).where(table.c.kind == kind, table.c.removed_at.is_(None)).order_by(table.c.rowno))
    found = {row.key: json.loads(row.body) for row in rows}
    return {key: body for key, body in found.items() if not problem_of(kind, body)}


@cache
def _shipped() -> dict[str, list[dict[str, Any]]]:
    files = sorted((f for f in resources.files("resources.policies").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    found: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for kind, rows in tomllib.loads(file.read_text("utf-8")).items():
            found.setdefault(kind, []).extend(rows)
    return found


def use_codes(connection: Connection) -> None:
    """Let the district's words stand in the code tables."""
    more: dict[str, list[codes.Term]] = {}
    for row in from_above(connection, "code").values():
        aliases = row.get("aliases")
        more.setdefault(row["table"], []).append(codes.Term(row["term"], row.get("code"), tuple(a for a in aliases if isinstance(a, str)) if isinstance(aliases, list) else ()))
    codes.use(more)


def shipped_rows(kind: str) -> list[dict[str, Any]]:
    """The rows of a kind that the program brings along."""
    return list(_shipped().get(kind, []))


def rows_of(connection: Connection | None, kind: str) -> list[dict[str, Any]]:
    """The rows that hold: the shipped ones of `resources/policies`, those of the district in place of them or beside them."""
    shipped = shipped_rows(kind)
    if connection is None:
        return shipped
    above = from_above(connection, kind)
    return [row for row in shipped if row[_SHIPPED_KEY[kind]] not in above] + list(above.values())
