"""What the district sends every office: lecture plan, targets, policies, purposes, words for code tables, forms. One row each, whole sets go down."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.receiver import store
from app.receiver.district import Receiver, stamp
from app.services.exchange.items import problem_of
from db.problems import UserError
from db.registers.district import ITEM_KINDS

MOST_FORM = 600_000


@dataclass(frozen=True)
class Item:
    kind: str
    key: str
    body: Mapping[str, Any] | None
    at: str
    operator: str


def all_items(receiver: Receiver, kind: str | None = None) -> list[Item]:
    wanted = select(store.items).order_by(store.items.c.kind, store.items.c.key)
    with receiver.reading() as connection:
        rows = connection.execute(wanted if kind is None else wanted.where(store.items.c.kind == kind)).mappings().all()
    return [Item(r["kind"], r["key"], json.loads(r["body"]) if r["body"] else None, r["at"], r["operator"]) for r in rows]


def put(receiver: Receiver, kind: str, key: str, body: Mapping[str, Any] | None) -> None:
    """Set one item; None takes it back at every office. UserError when it could not be used there."""
    if kind not in ITEM_KINDS:
        raise UserError(f"没有“{kind}”这一种。")
    if not key.strip() or len(key) > 200:
        raise UserError("请写名称。")
    if body is not None and (problem := problem_of(kind, body)):
        raise UserError(problem)
    with receiver.writing() as connection:
        store.upsert(connection, store.items, [{
            "kind": kind, "key": key.strip(), "body": json.dumps(body, ensure_ascii=False, sort_keys=True) if body is not None else None, "at": stamp(), "operator": receiver.operator,
        }])
        receiver.note(connection, "item", code=kind, key=key.strip(), gone=body is None)


def put_form(receiver: Receiver, folder: Path) -> str:
    """A form's folder: its form.toml goes to every office. The form's name. UserError when it is none or too large."""
    try:
        text = (folder / "form.toml").read_text("utf-8")
        sound = {"title", "code", "sources", "block"} <= tomllib.loads(text).keys()
    except (OSError, ValueError):
        raise UserError(f"“{folder.name}”里没有能用的 form.toml，不是表格。") from None
    if not sound or len(text) > MOST_FORM:
        raise UserError(f"“{folder.name}”里的 form.toml 不完整或太大，没有下发。")
    put(receiver, "form", folder.name, {"name": folder.name, "toml": text})
    return folder.name
