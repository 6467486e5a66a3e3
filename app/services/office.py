"""The open office: who works here, on which file, and how reading and acting begin and end."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.services.records import Act, ActKind, Changed
from db.keyslots import Role
from db.problems import UserError
from db.registers import REGISTERS
from db.vault import User, Vault, set_setting, setting, writing

Clock = Callable[[], datetime]
GUARDED_USERS = "guarded_users"
"""The setting that names who may see the guarded registers."""


def now() -> datetime:
    return datetime.now(UTC)


class Office:
    """An unlocked vault at work. `heard` lists who is told of each finished act (any thread)."""

    def __init__(self, vault: Vault, *, clock: Clock = now) -> None:
        self.vault = vault
        self.clock = clock
        self.heard: list[Callable[[Changed], None]] = []
        self._one_writer = threading.Lock()
        self.hidden: frozenset[str] = frozenset()
        self.look_again()
        self._use_codes()

    @property
    def user(self) -> User:
        return self.vault.user

    @property
    def practice(self) -> bool:
        return self.vault.practice

    def look_again(self) -> None:
        """Which registers this user may not see: the guarded ones, unless the administrator let her."""
        let = json.loads(self.setting(GUARDED_USERS) or "[]")
        may = self.user.role is not Role.DOOR and self.user.name in let
        self.hidden = frozenset() if may else frozenset(r.__tablename__ for r in REGISTERS if r.guarded)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries; it knows which registers stay hidden, and the day. Nothing that is changed in it is kept."""
        with Session(self.vault.engine, expire_on_commit=False, info={"hidden": self.hidden, "today": self.clock().astimezone().date()}) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction for the office's own small tables; registers are written by `act`. UserError when the disk is full."""
        try:
            with self._one_writer, writing(self.vault.engine) as connection:
                yield connection
        except OperationalError as e:
            if "full" in str(e.orig) or "disk I/O" in str(e.orig):
                raise UserError("磁盘满了或写不进去，这一步没有保存，以前的资料都在。请清出空间后再做一次。") from e
            raise

    @contextmanager
    def act(self, kind: ActKind, title: str) -> Iterator[Act]:
        """One act: on leaving, its records and journal rows are on the disk together, or nothing is."""
        self._may(kind)
        with self.writing() as connection:
            act = Act(connection, kind=kind, title=title, user=self.user, at=stamp(self.clock()), origin=self.vault.keys.vault_id, watched=self._watched(kind))
            yield act
            if events := act.touched.get("membership_event", ()) if kind in (ActKind.EDIT, ActKind.MERGE) else ():
                from app.services import membership  # it knows the office; an event may come from any table

                membership.follow(act, events, today=self.clock().astimezone().date())
            if any(name.startswith("ledger_entry.") for name in act.counts):
                from app.services import funds  # it knows the office; a booking may come from any table

                funds.verify(act)
                funds.paid_once(act)
            if act.written:
                from app.services import consequences, crosschecks  # they know the office; a record may come from any table

                written, today = tuple(act.written), self.clock().astimezone().date()
                crosschecks.verify(act, today)
                consequences.follow(act, written, today)
            changed = None if act.is_empty else act.finish()
        if changed is not None and "district_item" in changed.registers:
            self._use_codes()
        if changed is not None:
            for hear in self.heard:
                hear(changed)

    def _watched(self, kind: ActKind) -> frozenset[str]:
        """The registers that this act's records are checked in: what a person does is, what was done before or comes from above is not."""
        if kind not in (ActKind.EDIT, ActKind.IMPORT, ActKind.ENTRY):
            return frozenset()
        from app.services import consequences, crosschecks

        return crosschecks.WATCHED | consequences.REGISTERS

    def _use_codes(self) -> None:
        from app.services.exchange import items  # it knows the office; the office only asks it for words

        with self.vault.engine.connect() as connection:
            items.use_codes(connection)

    def clerks_only(self) -> None:
        """UserError for whoever is only at the door."""
        if self.user.role is Role.DOOR:
            raise UserError("签到员只能签到，别的请干事来做。")

    def administrators_only(self) -> None:
        if self.user.role is not Role.ADMINISTRATOR:
            raise UserError("这件事只有管理员能做。")

    def _may(self, kind: ActKind) -> None:
        if kind is not ActKind.SIGN_IN and kind is not ActKind.UNDO:
            self.clerks_only()

    def setting(self, name: str) -> str | None:
        with self.vault.engine.connect() as connection:
            return setting(connection, name)

    def remember(self, name: str, value: str) -> None:
        with self.writing() as connection:
            set_setting(connection, name, value)


def stamp(moment: datetime) -> str:
    """A UTC instant as the journal writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(at: str) -> datetime:
    """The instant of a journal row."""
    return datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
