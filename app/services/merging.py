"""Two records of one person become one. Both ids go on leading to her; the merge is one act, and undo takes it apart again."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.services import membership
from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from app.services.roster.intake import remember_different
from db.fields import Reference
from db.problems import UserError
from db.record import Record, field_of, fields_of
from db.registers import REGISTERS, Member, SignIn


def merge(office: Office, keep: str, away: str, *, take: Mapping[str, Any] | None = None) -> str:
    """Merge the member `away` into `keep`; the act's id. `take`: field -> value to set on the one that is kept.

    Everything that names the one merged away names the other from now on. Where both were at one lecture the earlier sign-in counts;
    of two entries in one trade the one of `keep` stays and takes what it lacks from the other; two hardship files become one.
    UserError when one of them is gone.
    """
    if keep == away:
        raise UserError("这是同一条记录，不用合并。")
    with office.act(ActKind.MERGE, "合并会员") as act:
        stays, goes = act.current(Member, keep), act.current(Member, away)
        if stays["removed_at"] or goes["removed_at"]:
            raise UserError("其中一位已经删除或合并过了，请刷新后再试。")
        membership.write_down_known(act, [keep, away])
        act.title = f"合并会员：{goes['full_name']} → {stays['full_name']}"
        for register in REGISTERS:
            for f in fields_of(register):
                if isinstance(f.kind, Reference) and f.kind.register == Member.__tablename__:
                    table = table_of(register)
                    for row in act.connection.execute(select(table).where(table.c[f.name] == away, table.c.removed_at.is_(None))).mappings().all():
                        _move(act, register, dict(row), f.name, keep)
        for register in REGISTERS:
            if any(key == (name,) for key in register.keys for name in key if field_of(register, name).kind.refers_to == Member.__tablename__):
                _only_one(act, register, keep)
        act.remove(Member, away, into=keep)
        if take:
            act.change(Member, keep, {name: value for name, value in take.items() if name not in membership.FIELDS}, checked=True)
        membership.refresh(act, [keep], today=_today(office))
    return act.id


def _move(act: Act, register: type[Record], row: dict[str, Any], name: str, keep: str) -> None:
    try:
        with act.connection.begin_nested():
            act.change(register, row["id"], {name: keep}, checked=True)
    except IntegrityError:  # the one who stays was there, too: the store keeps one live sign-in or entry for a person
        if register is SignIn:
            _earlier_counts(act, row, keep)
        elif (stays := _same(act, register, {**row, name: keep})) is not None:
            _fold(act, register, row, stays)
        else:
            act.remove(register, row["id"])


def _same(act: Act, register: type[Record], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The live record that the store would not have twice."""
    table = table_of(register)
    for index in table.indexes:
        if index.unique:
            found = act.connection.execute(select(table).where(table.c.removed_at.is_(None), *(table.c[c.name] == values[c.name] for c in index.columns))).mappings().first()
            if found is not None and found["id"] != values["id"]:
                return dict(found)
    return None


def _only_one(act: Act, register: type[Record], member: str) -> None:
    """Of what a person can have one only (a hardship file), the older takes in the younger."""
    table = table_of(register)
    name = next(f.name for f in fields_of(register) if f.kind.refers_to == Member.__tablename__)
    rows = [dict(r) for r in act.connection.execute(select(table).where(table.c[name] == member, table.c.removed_at.is_(None)).order_by(table.c.rowno)).mappings()]
    for row in rows[1:]:
        _fold(act, register, row, act.current(register, rows[0]["id"]))


def _fold(act: Act, register: type[Record], row: Mapping[str, Any], stays: Mapping[str, Any]) -> None:
    """One record into another of its register: what the other left blank (a mark, a place), and whatever refers to it."""
    blanks = {f.name: row[f.name] for f in fields_of(register) if stays[f.name] is None and row[f.name] is not None and not f.derived and not f.decided_above}
    if blanks:
        act.change(register, stays["id"], blanks, checked=True)
    for other in REGISTERS:
        for f in fields_of(other):
            if f.kind.refers_to == register.__tablename__:
                table = table_of(other)
                for found in act.connection.execute(select(table).where(table.c[f.name] == row["id"], table.c.removed_at.is_(None))).mappings().all():
                    _move(act, other, dict(found), f.name, stays["id"])
    act.remove(register, row["id"], into=stays["id"])


def _earlier_counts(act: Act, row: dict[str, Any], keep: str) -> None:
    table = table_of(SignIn)
    theirs = act.connection.execute(select(table.c.id, table.c.signed_at).where(table.c.lecture == row["lecture"], table.c.session.is_(row["session"]), table.c.member == keep, table.c.removed_at.is_(None))).one()
    if row["signed_at"] and theirs.signed_at and row["signed_at"] < theirs.signed_at:
        act.remove(SignIn, theirs.id)
        act.change(SignIn, row["id"], {"member": keep}, checked=True)
    else:
        act.remove(SignIn, row["id"])


def _today(office: Office) -> date:
    return office.clock().astimezone().date()


def are_different(office: Office, one: str, other: str) -> None:
    """A person said that these two are two people; the pair is not shown again."""
    office.clerks_only()
    with office.writing() as connection:
        remember_different(connection, one, other)
