"""Model-based: offices with two editors, sticks that are lost, repeated, swapped and half-copied, backups restored, PCs cloned, answers lost.

Whatever happens, at the end (when everybody has reported and read answers, and a person has settled what waits) the district holds exactly
what the offices hold, and nothing that was ever reported and not withdrawn is gone.
"""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.receiver import answer, decisions, district, merge, store, taking_back
from app.services import setup
from app.services.exchange import answers, keyring, send
from app.services.office import Office
from app.services.records import ActKind
from app.sync.package import PackageRefused
from app.sync.refusals import Refusal
from db import keyslots, vault
from db.problems import UserError
from db.registers import Member
from tests.conftest import NOW, PASSWORD, UNION, person

STEPS = 40


class World:
    """A district and some offices, each on one or more PCs."""

    def __init__(self, folder: Path, dice: random.Random, count: int) -> None:
        self.folder, self.dice = folder, dice
        self.receiver, _ = district.init(folder / "district", name="区", password="district-pw")
        self.receiver.write_key(folder / "d.udkey")
        self.pcs: list[list[Office]] = [[self._office(n)] for n in range(count)]
        self.backups: list[list[Path]] = [[] for _ in range(count)]
        self.sticks: list[list[Path]] = [[] for _ in range(count)]
        self.people = 0
        self.serial = 0
        self.reported: list[set[str]] = [set() for _ in range(count)]
        """Members that the district took, and that no editor has withdrawn since."""
        self.seen: list[str] = []

    def _office(self, n: int) -> Office:
        made = setup.create_office(self.folder / f"union{n}", union={**UNION, "name": f"第{n}工会"}, administrator="李晓梅", password=PASSWORD, recovery_code=keyslots.new_recovery_code())
        made.clock = lambda: NOW
        keyring.load_district_key(made, self.folder / "d.udkey")
        return made

    def close(self) -> None:
        for pcs in self.pcs:
            for pc in pcs:
                pc.vault.close()
        self.receiver.close()

    # -- what people do

    def step(self) -> None:
        union = self.dice.randrange(len(self.pcs))
        pc = self.dice.choice(self.pcs[union])
        deeds = [self.add] * 4 + [self.change] * 4 + [self.remove] + [self.export] * 5 + [self.deliver] * 6 + [self.answer] * 4 + [self.back_up, self.restore, self.clone, self.half_copied, self.lose, self.take_back, self.settle]
        deed = self.dice.choice(deeds)
        self.seen.append(deed.__name__)
        deed(union, pc)

    def _members(self, pc: Office) -> list[str]:
        with pc.reading() as session:
            return list(session.scalars(select(Member.id).where(Member.removed_at.is_(None)).order_by(Member.id)))

    def add(self, _union: int, pc: Office) -> None:
        self.people += 1
        with pc.act(ActKind.EDIT, "加") as act:
            act.create(Member, person(self.people % 480, employee_no=f"N{self.people:05}"))

    def change(self, _union: int, pc: Office) -> None:
        if members := self._members(pc):
            self.serial += 1
            with pc.act(ActKind.EDIT, "改") as act:
                act.change(Member, self.dice.choice(members), {"post": f"岗位{self.serial}"})

    def remove(self, union: int, pc: Office) -> None:
        if members := self._members(pc):
            gone = self.dice.choice(members)
            with pc.act(ActKind.EDIT, "删") as act:
                act.remove(Member, gone)
            self.reported[union].discard(gone)

    def export(self, union: int, pc: Office) -> None:
        self.serial += 1
        stick = self.folder / f"stick{self.serial}"
        stick.mkdir()
        try:
            self.sticks[union].append(send.export(pc, stick, everything=self.dice.random() < 0.1).path)
        except UserError as e:
            assert "没有新的变化" in str(e)

    def deliver(self, union: int, _pc: Office) -> None:
        """Any stick that was ever written, in any order, as often as you like."""
        if self.sticks[union]:
            path = self.sticks[union][-1] if self.dice.random() < 0.6 else self.dice.choice(self.sticks[union])
            self._merge(union, path)

    def _merge(self, union: int, path: Path) -> bool:
        before = self._held(union)
        try:
            merge.merge(self.receiver, path, enrol=keyring.own_keys(self.pcs[union][0]).public.fingerprint)
        except PackageRefused as e:
            assert e.refusal in (Refusal.REPLAYED, Refusal.FORKED, Refusal.GAP, Refusal.STALE, Refusal.DAMAGED), e.refusal
            assert self._held(union) == before
            return False
        self.reported[union] |= {m for m in self._held(union) if any(m in self._members(pc) for pc in self.pcs[union])}
        return True

    def _held(self, union: int) -> dict[str, Any]:
        table = store.records
        office = self.pcs[union][0].vault.keys.vault_id
        with self.receiver.reading() as connection:
            rows = connection.execute(select(table.c.id, table.c.body).where(table.c.office == office, table.c.register == "member", table.c.removed.is_(False)))
            return {row.id: row.body for row in rows}

    def answer(self, union: int, pc: Office) -> None:
        """An answer is made; it may be lost on the way, or read by a PC that did not ask."""
        try:
            path = answer.answer(self.receiver, pc.vault.keys.vault_id, self.folder)
        except UserError:
            return  # not enrolled yet
        if self.dice.random() < 0.7:
            self._read(pc, path)

    def _read(self, pc: Office, path: Path) -> None:
        try:
            answers.take_in(pc, answers.look(pc, path))
        except PackageRefused as e:
            assert e.refusal is Refusal.REPLAYED

    def back_up(self, union: int, pc: Office) -> None:
        pc.vault.engine.dispose()
        self.serial += 1
        made = pc.vault.back_up()
        kept = self.folder / f"backup{self.serial}"
        shutil.copytree(made, kept)
        self.backups[union].append(kept)

    def restore(self, union: int, pc: Office) -> None:
        """The PC goes on from an old copy; what was not reported since is lost, as it is in life."""
        if not self.backups[union]:
            return
        pcs = self.pcs[union]
        pc.vault.close()
        pcs[pcs.index(pc)] = self._opened(self.dice.choice(self.backups[union]))

    def clone(self, union: int, pc: Office) -> None:
        if len(self.pcs[union]) < 2:
            self.back_up(union, pc)
            self.pcs[union].append(self._opened(self.backups[union][-1]))

    def _opened(self, backup: Path) -> Office:
        self.serial += 1
        folder = self.folder / f"pc{self.serial}"
        shutil.copytree(backup, folder)
        return Office(vault.unlock(folder, "李晓梅", PASSWORD), clock=lambda: NOW)

    def half_copied(self, union: int, _pc: Office) -> None:
        if self.sticks[union]:
            whole = self.sticks[union][-1].read_bytes()
            part = self.folder / "half.udpkg"
            part.write_bytes(whole[: self.dice.randrange(1, len(whole))])
            with pytest.raises(PackageRefused):
                merge.merge(self.receiver, part)

    def lose(self, union: int, _pc: Office) -> None:
        if self.sticks[union]:
            self.sticks[union].pop(self.dice.randrange(len(self.sticks[union])))

    def take_back(self, union: int, pc: Office) -> None:
        try:
            taking_back.take_back(self.receiver, pc.vault.keys.vault_id)
        except UserError:
            return
        self.reported[union] &= set(self._held(union))

    def settle(self, _union: int, _pc: Office) -> None:
        for one in decisions.waiting(self.receiver):
            theirs = self.dice.random() < 0.5 or (one.they_removed and not one.ours)
            decisions.settle(self.receiver, one.office, one.register, one.id, take_theirs=theirs)

    # -- the end

    def come_to_rest(self, union: int) -> Office:
        """The union decides on one PC, and goes to and fro until nothing differs: at most a handful of times."""
        pc = self.dice.choice(self.pcs[union])
        for _ in range(8):
            self.add(union, pc)
            self.export(union, pc)
            self._merge(union, self.sticks[union][-1])
            self._read(pc, answer.answer(self.receiver, pc.vault.keys.vault_id, self.folder))
            for one in decisions.waiting(self.receiver):
                decisions.settle(self.receiver, one.office, one.register, one.id, take_theirs=not one.they_removed)
            if self._agree(union, pc):
                return pc
        raise AssertionError(f"no agreement: {self.seen}")

    def _agree(self, union: int, pc: Office) -> bool:
        here = {}
        with pc.vault.engine.connect() as connection:
            from app.services.exchange import outbox, purposes

            waiting = outbox.unsent(connection, everything=True)
            for part in outbox.gather(connection, waiting, purposes.scope(connection, NOW.date()), keyring.own_keys(pc).suite).parts:
                if part.name == "member":
                    import json

                    here = {row["id"]: json.dumps(row["values"], ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in map(json.loads, part.lines) if "values" in row}
        return here == self._held(union)


@pytest.mark.parametrize("seed", range(6))
def test_district_and_offices_converge_whatever_happens_to_the_sticks(seed: int, tmp_path: Path, long_form: bool) -> None:
    for n in range(40 if long_form else 1):
        folder = tmp_path / str(n)
        folder.mkdir()
        world = World(folder, random.Random(seed * 1000 + n), 2)
        for _ in range(STEPS):
            world.step()
        for union in range(2):
            pc = world.come_to_rest(union)
            assert world.reported[union] <= set(world._members(pc)), "something that was reported is gone"
        world.close()
