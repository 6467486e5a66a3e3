"""Registers that not everybody may see (困难职工 and their families): nobody until the administrator lets somebody."""

import json

from app.services.office import GUARDED_USERS, Office
from app.services.records import ActKind
from db.problems import UserError
from db.record import Record
from db.vault import set_setting


def users(office: Office) -> tuple[str, ...]:
    """The names of those who may see them."""
    return tuple(json.loads(office.setting(GUARDED_USERS) or "[]"))


def may_see(office: Office, register: type[Record]) -> bool:
    return register.__tablename__ not in office.hidden


def let(office: Office, name: str, *, may: bool) -> None:
    """Let a user see the guarded registers, or no longer. UserError for whoever is not the administrator, or for a name that is no user's."""
    office.administrators_only()
    if may and not any(slot.name == name for slot in office.vault.keys.users):
        raise UserError(f"没有“{name}”这个使用人。")
    now = [n for n in users(office) if n != name] + ([name] if may else [])
    with office.act(ActKind.SETTING, f"{'允许' if may else '不再允许'}{name}查看困难职工档案") as act:
        act.note(user=name, may=may)
        set_setting(act.connection, GUARDED_USERS, json.dumps(sorted(now), ensure_ascii=False))
    office.look_again()
