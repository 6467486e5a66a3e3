"""Any register from a workbook: exported and read in again, with titles above and notes below, people found by their numbers."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from app.services import block, guarded, sheet_import, undo
from app.services.block import Planner
from app.services.office import Office
from app.services.records import ActKind
from db.problems import UserError
from db.record import Record, fields_of, values_of
from db.registers import REGISTERS, Certificate, Competition, CompetitionRound, Entry, Member, Patent, Score
from tests.conftest import person

OTHERS = [r for r in REGISTERS if r is not Member and not r.only_one]


def workbook(path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def planned(office: Office, register: type[Record], path: Path, **more: Any) -> block.BlockPlan:
    with office.reading() as session:
        return sheet_import.plan(session, register, path, **more)


@pytest.mark.parametrize("register", OTHERS, ids=lambda r: r.__tablename__)
def test_every_register_is_read_in_from_the_sheet_it_was_written_to(office: Office, one_of_each: dict[str, str], tmp_path: Path, register: type[Record]) -> None:
    guarded.let(office, office.user.name, may=True)
    with office.reading() as session:
        record = session.scalars(select(register).where(register.id == one_of_each[register.__tablename__])).one()
        planner = Planner(session, register)
        heads = [f.label for f in fields_of(register) if not f.decided_above]
        cells = [planner.show(f, getattr(record, f.name)) for f in fields_of(register) if not f.decided_above]
    sheet = workbook(tmp_path / "a.xlsx", ["某某工会" + register.label], heads, cells, ["合计", "1"], ["填表人："])
    again = planned(office, register, sheet)
    if register.keys:
        assert again.landing == () and len(again.lines) == 1  # it is there already, and nothing differs
    if register.booked:
        return
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(register, record.id)
    fresh = planned(office, register, sheet)
    assert fresh.new == 1, [p.message for line in fresh.lines for p in (*line.problems, *(q for c in line.cells for q in c.problems))]
    act_id = block.land(office, fresh, "导入")
    with office.reading() as session:
        made = session.scalars(select(register).where(register.removed_at.is_(None))).one()
        same = {f.name for f in fields_of(register) if not f.kind.refers_to and not f.decided_above}
        assert {k: v for k, v in values_of(made).items() if k in same} == {k: v for k, v in values_of(record).items() if k in same}
    assert act_id is not None
    undo.undo(office, act_id)
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(register).where(register.removed_at.is_(None))) == 0


def test_people_are_found_by_their_number_and_the_other_rows_are_named(office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    for n in (1, 2):
        add(Member, **person(n, full_name="王伟"))
    sheet = workbook(
        tmp_path / "a.xlsx", ["2026 年取证名单"], [], ["序号", "姓名", "身份证号码", "工种", "等级", "资格证书编号"],
        [1, "王伟", person(1)["id_number"], "电工", "高级工", "S000011000123263000017"], [2, "王伟", "", "焊工", "中级工", ""], [3, "没有这个人", person(9)["id_number"], "焊工", "中级工", ""], ["注：以证书为准"],
    )
    plan = planned(office, Certificate, sheet)
    assert (plan.new, len(plan.lines)) == (1, 3)
    said = [p.message for line in plan.lines[1:] for p in line.problems]
    assert any("有几个" in s for s in said) and any("对不上" in s for s in said)


def test_a_sheet_of_one_competition_needs_no_column_for_it(office: Office, one_of_each: dict[str, str], add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(3))
    sheet = workbook(tmp_path / "a.xlsx", ["工号", "姓名", "工种"], [person(3)["employee_no"], person(3)["full_name"], "焊工"])
    plan = planned(office, Entry, sheet, fixed={"competition": one_of_each["competition"]})
    assert plan.new == 1
    block.land(office, plan, "导入")
    with office.reading() as session:
        assert session.scalars(select(Entry.competition).where(Entry.trade == "焊工")).one() == one_of_each["competition"]


def test_a_file_without_a_header_is_refused_with_what_to_do(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="没有找到证书的表头"):
        planned(office, Certificate, workbook(tmp_path / "a.xlsx", ["甲", "乙"], ["1", "2"]))


@pytest.mark.parametrize(("number", "name"), [("A0000", "赵一"), (person(1)["id_number"][-4:], "赵一"), (person(1)["employee_no"], "钱二")])
def test_a_number_that_is_nearly_hers_or_a_name_that_is_not_is_nobody(office: Office, add: Callable[..., str], tmp_path: Path, number: str, name: str) -> None:
    add(Member, **person(1, full_name="赵一"))
    plan = planned(office, Certificate, workbook(tmp_path / "a.xlsx", ["工号", "姓名", "工种"], [number, name, "电工"]))
    assert plan.landing == () and any(p.code.startswith("reference") for line in plan.lines for p in line.problems)


def test_another_patent_of_the_same_name_is_another_record(office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Patent, name="一种夹具", patent_no="ZL202310123456.6")
    plan = planned(office, Patent, workbook(tmp_path / "a.xlsx", ["专利名称", "专利号"], ["一种夹具", "ZL202310123457.0"]))
    assert (plan.new, plan.changed) == (1, 0)


def test_the_same_row_twice_is_named_and_the_rest_lands(office: Office, one_of_each: dict[str, str], add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(3))
    row = [person(3)["employee_no"], person(3)["full_name"], "焊工"]
    plan = planned(office, Entry, workbook(tmp_path / "a.xlsx", ["工号", "姓名", "工种"], row, row), fixed={"competition": one_of_each["competition"]})
    assert plan.new == 1 and [p.code for p in plan.lines[1].problems if p.code == "twice"] == ["twice"]
    block.land(office, plan, "导入")


def test_a_list_of_marks_finds_each_entry_by_the_contestants_name_and_trade(office: Office, add: Any, tmp_path: Path) -> None:
    contest, other = (add(Competition, name=name, trades="电工、焊工") for name in ("今年竞赛", "去年竞赛"))
    people = [add(Member, **person(n)) for n in (1, 2, 3)]
    mine = [add(Entry, competition=contest, member=who, trade=trade) for who, trade in zip(people, ("电工", "焊工", "电工"), strict=True)]
    mine.append(add(Entry, competition=contest, member=people[0], trade="焊工"))
    add(Entry, competition=other, member=people[0], trade="电工")
    final = add(CompetitionRound, competition=contest, name="决赛")
    book = openpyxl.Workbook()
    names = [person(n)["full_name"] for n in (1, 2, 3)]
    for row in (["序号", "姓名", "工种", "理论成绩", "实操成绩"], [1, names[0], "电工", 80, 90], [2, names[1], "焊工", 70, 75.5], [3, names[2], "钳工", 60, 60], [4, names[0], "", 1, 1]):
        book.active.append(row)
    book.save(tmp_path / "成绩.xlsx")
    with office.reading() as session:
        plan = sheet_import.plan(session, Score, tmp_path / "成绩.xlsx", fixed={"round": final})
    assert [[p.message for p in line.problems] for line in plan.lines][2:] != [[], []]
    assert plan.new == 2 and any("没有这个人对得上的参赛报名" in p.message for p in plan.lines[2].problems) and any("有几条参赛报名对得上" in p.message for p in plan.lines[3].problems)
    block.land(office, plan, "读入成绩")
    with office.reading() as session:
        found = {s.entry: (s.theory_score, s.practical_score) for s in session.scalars(select(Score))}
    assert found == {mine[0]: (80, 90), mine[1]: (70, Decimal("75.5"))}
