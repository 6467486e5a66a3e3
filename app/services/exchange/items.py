"""What the district sent down, as rows by kind: they stand beside the rows that the program ships, and in front of them."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from app.services.records import Act, ActKind, table_of
from db import codes
from db.problems import UserError
from db.registers import DistrictItem
from db.registers.claims import SKILL

if TYPE_CHECKING:
    from app.services.office import Office  # the office asks here for its words

_SHIPPED_KEY = {"policy": "id", "target": "count", "purpose": "id", "rule": "id", "photo": "id", "pledge": "id", "honour": "id", "form": "name", "survey": "id", "database": "id"}
"""By which of its values a shipped row is called."""
DATED = frozenset({"rule", "pledge", "photo", "target", "honour"})
"""Kinds of which a row of before holds until the day of the next; a policy is another row under another id."""


_NEEDED: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "lecture-plan": {"topic": str, "starts_at": str, "place": str},
    "target": {"count": str, "title": str, "wanted": (int, str), "unit": str, "source": str, "valid_from": str},
    "policy": {"id": str, "title": str, "scope": str, "source": str, "valid_from": str, "once_per_level": bool, "per_person_and_year": int, "no_lower_after_higher": bool, "levels": list, "kinds": list},
    "purpose": {"id": str, "title": str, "basis": str, "valid_from": str, "fields": dict}, "rule": {"id": str, "title": str, "value": int, "source": str, "valid_from": str}, "pledge": {"id": str, "title": str, "text": str, "source": str, "valid_from": str},
    "survey": {"id": str, "title": str, "items": list}, "database": {"id": str, "title": str, "register": str},
    "honour": {"id": str, "title": str, "holder": str, "level": str, "issuer": list, "source": str, "valid_from": str}, "code": {"table": str, "term": str}, "form": {"name": str, "toml": str}, "photo": {"id": str, "title": str, "source": str, "valid_from": str, "frame_mm": list, "least_pixels": list, "kilobytes": list, "head_height_mm": list, "head_width_mm": list},
}
"""What an item of each kind must have, and of which type."""


_LABELS = {
    "topic": "题目", "starts_at": "时间", "place": "地点", "count": "数什么", "title": "名称", "wanted": "每个单位", "unit": "单位", "source": "文号依据", "valid_from": "从哪天起", "id": "编号", "levels": "等级和金额",
    "kinds": "证书种类", "fields": "字段", "value": "数值", "text": "文字", "table": "哪张表", "term": "新词", "name": "名称", "toml": "内容", "basis": "依据",
}


def problem_of(kind: str, body: Mapping[str, Any]) -> str:
    """Why an item of the district could not be used, in a sentence; empty when it can. Both ends ask."""
    if missing := [name for name, type_ in _NEEDED[kind].items() if not isinstance(body.get(name), type_) or ((body.get(name) in ("", {}) and not (kind == "honour" and name == "level")) or (body.get(name) == [] and kind != "honour" and not (kind == "policy" and body.get("claim", SKILL) != SKILL)))]:
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
    return _kept(connection, kind)


def _kept(connection: Connection, kind: str) -> dict[str, dict[str, Any]]:
    table = table_of(DistrictItem)
    rows = connection.execute(select(table.c.key, table.c.body).where(table.c.kind == kind, table.c.removed_at.is_(None)).order_by(table.c.rowno))
    found = {row.key: json.loads(row.body) for row in rows}
    return {key: body for key, body in found.items() if not problem_of(kind.removeprefix(OWN), body)}


@cache
def _shipped() -> dict[str, list[dict[str, Any]]]:
    files = sorted((f for f in resources.files("resources.policies").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    found: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for kind, rows in tomllib.loads(file.read_text("utf-8")).items():
            found.setdefault(kind, []).extend(rows)
    return found


def use_codes(connection: Connection) -> None:
    """Let the administrator's and the district's words stand in the code tables."""
    more: dict[str, list[codes.Term]] = {}
    for row in {**_kept(connection, OWN + "code"), **from_above(connection, "code")}.values():
        aliases = row.get("aliases")
        more.setdefault(row["table"], []).append(codes.Term(row["term"], row.get("code"), tuple(a for a in aliases if isinstance(a, str)) if isinstance(aliases, list) else ()))
    codes.use(more)


def shipped_rows(kind: str) -> list[dict[str, Any]]:
    """The rows of a kind that the program brings along."""
    return list(_shipped().get(kind, []))


OWN = "own-"
"""Before the kind of a row that the administrator wrote."""


def rows_of(connection: Connection | None, kind: str) -> list[dict[str, Any]]:
    """The rows that hold: the shipped ones of `resources/policies`; in place of them or beside them the administrator's own; before all the district's."""
    if connection is None:
        return shipped_rows(kind)
    if kind == POLICY:
        return [row for row, holds in policy_editions(connection) if holds]
    found = {f"{row[_SHIPPED_KEY[kind]]} {row.get('valid_from', '')}": row for row in shipped_rows(kind)}
    for more in (_kept(connection, OWN + kind), from_above(connection, kind)):
        replaced = {row.get(_SHIPPED_KEY[kind]) for row in more.values()} if kind not in DATED else set()
        found = {key: row for key, row in found.items() if row[_SHIPPED_KEY[kind]] not in replaced}
        found |= {f"{row[_SHIPPED_KEY[kind]]} {row.get('valid_from', '')} {key}": row for key, row in more.items()}
    return list(found.values())


POLICY = "policy"


def policy_editions(connection: Connection) -> list[tuple[dict[str, Any], bool]]:
    """Every policy row that there ever was, and whether it still holds for new claims: the shipped, the administrator's, the district's.

    A claim keeps the edition that it was judged by, also one that was taken back or corrected since; so each of the district's is
    called by its id, its first day and its content (`BT-2017@2027-01-01~3fa2`), on every PC the same. A later row of the same id
    holds in place of those that begin no earlier.
    """
    table = table_of(DistrictItem)
    kept = connection.execute(select(table.c.kind, table.c.body, table.c.removed_at).where(table.c.kind.in_((OWN + POLICY, POLICY))).order_by(table.c.kind, table.c.rowno))
    editions = [(row["id"], dict(row), True) for row in shipped_rows(POLICY)]
    places = {row["id"]: n for n, (_, row, _) in enumerate(editions)}
    for one in kept:  # "own-policy" stands before "policy"
        row = json.loads(one.body)
        if problem_of(POLICY, row):
            continue
        name = row["id"] if one.kind != POLICY and row["id"] not in places else f"{row['id']}@{row['valid_from']}~{hashlib.sha256(one.body.encode()).hexdigest()[:4]}"
        made = (row["id"], {**row, "id": name, "scope": row.get("scope", "district")}, one.removed_at is None)
        if name in places:
            if made[2]:  # the same again: it stands where it was sent last
                editions[places[name]] = (row["id"], made[1], False)
                places[name] = len(editions)
                editions.append(made)
            continue
        places[name] = len(editions)
        editions.append(made)
    found = []
    for n, (base, row, there) in enumerate(editions):
        later = (r for b, r, live in editions[n + 1 :] if live and b == base)
        found.append((row, there and not any(r["valid_from"] <= row["valid_from"] for r in later)))
    return found


def row_on(connection: Connection | None, kind: str, name: str, day: date) -> dict[str, Any] | None:
    """Of a dated kind, the row of that name that holds on a day: the newest, and of the same day the one from furthest above. None where there is none."""
    return newest([r for r in rows_of(connection, kind) if r[_SHIPPED_KEY[kind]] == name], day)


def newest(rows: Sequence[dict[str, Any]], day: date) -> dict[str, Any] | None:
    """Of rows of one name, the one that holds on a day: the newest, and of the same day the last."""
    holding = [r for r in rows if r["valid_from"] <= day.isoformat() <= (r.get("valid_to") or "9999-12-31")]
    return max(enumerate(holding), key=lambda pair: (str(pair[1]["valid_from"]), pair[0]))[1] if holding else None


def key_of(kind: str, row: Mapping[str, Any]) -> str:
    """What a row of one's own is kept under: its name and, of a dated kind, the day from which it holds."""
    if kind == "code":
        return f"{row['table']} {row['term']}"
    name = str(row[_SHIPPED_KEY[kind]])
    return f"{name} {row['valid_from']}" if kind in DATED else name


def own_rows(connection: Connection, kind: str) -> dict[str, dict[str, Any]]:
    """The administrator's rows of a kind, by key."""
    return _kept(connection, OWN + kind)


_ACTS = {"form": "改表格", "code": "加代码"}


def keep_own(office: "Office", kind: str, row: Mapping[str, Any]) -> None:
    """Write a row of the administrator's own, in place of the one of its key. UserError where it cannot be used."""
    office.administrators_only()
    if said := problem_of(kind, row):
        raise UserError(said)
    key = key_of(kind, row)
    with office.act(ActKind.EDIT, f"{_ACTS.get(kind, '修改政策')}：{row['title']}") as act:
        there = _own_id(act.connection, kind, key)
        values = {"kind": OWN + kind, "key": key, "body": json.dumps(row, ensure_ascii=False, sort_keys=True)}
        put(act, there, values)


def put(act: Act, there: str | None, values: Mapping[str, Any]) -> None:
    """Write an item of a kind under its key; in place of the one with that id. A policy that was there stays as a tombstone: claims were judged by it."""
    if there is not None and values["kind"] in (POLICY, OWN + POLICY):
        act.remove(DistrictItem, there)
        there = None
    if there is None:
        act.create(DistrictItem, values)
    else:
        act.change(DistrictItem, there, values)


def drop_own(office: "Office", kind: str, key: str) -> None:
    """Take the administrator's row away again, so that the shipped or the district's holds."""
    office.administrators_only()
    with office.act(ActKind.EDIT, "恢复原来的政策") as act:
        if (there := _own_id(act.connection, kind, key)) is not None:
            act.remove(DistrictItem, there)


def _own_id(connection: Connection, kind: str, key: str) -> str | None:
    table = table_of(DistrictItem)
    return connection.execute(select(table.c.id).where(table.c.kind == OWN + kind, table.c.key == key, table.c.removed_at.is_(None))).scalar()
