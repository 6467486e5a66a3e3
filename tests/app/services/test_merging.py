"""Two records of one person become one, and can be taken apart again."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.services import merging, undo
from app.services.checkin.answers import Answer
from app.services.checkin.door import Door
from app.services.office import Office
from app.services.records import ActKind, resolve, table_of
from app.services.roster import batch
from app.services.roster.matching import Matcher, compare, pairs_in_roster
from app.services.roster.reader import Sheet
from db.dates import PartialDate
from db.problems import UserError
from db.record import values_of
from db.registers import REGISTERS, Certificate, Competition, Entry, Lecture, Member, SignIn
from tests.conftest import NOW, id_number, person


def everything(office: Office) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """All live records of all registers."""
    with office.reading() as session:
        return {r.__tablename__: sorted(((x.id, values_of(x)) for x in session.scalars(select(r).where(r.removed_at.is_(None)))), key=lambda p: p[0]) for r in REGISTERS}


@pytest.fixture
def two(add: Callable[..., str]) -> tuple[str, str]:
    return add(Member, **person(1)), add(Member, full_name="张三申", mobile="13800000001", employee_no="B99")


def test_all_that_hangs_on_the_one_hangs_on_the_other(office: Office, add: Callable[..., str], lecture: str, two: tuple[str, str]) -> None:
    keep, away = two
    certificate = add(Certificate, member=away, occupation="电工")
    merging.merge(office, keep, away, take={"employee_no": "B99"})
    with office.reading() as session:
        assert session.scalars(select(Certificate.member).where(Certificate.id == certificate)).one() == keep
        assert session.scalars(select(Member.employee_no).where(Member.removed_at.is_(None))).all() == ["B99"]
        assert resolve(session.connection(), away) == keep


def test_of_two_sign_ins_at_one_lecture_the_earlier_counts(office: Office, add: Callable[..., str], lecture: str, two: tuple[str, str]) -> None:
    keep, away = two
    add(SignIn, lecture=lecture, member=keep, full_name="张三甲", signed_at=NOW + timedelta(minutes=5))
    earlier = add(SignIn, lecture=lecture, member=away, full_name="张三申", signed_at=NOW)
    merging.merge(office, keep, away)
    with office.reading() as session:
        assert session.execute(select(SignIn.id, SignIn.member).where(SignIn.removed_at.is_(None))).all() == [(earlier, keep)]


def test_an_import_finds_the_one_who_stayed_by_the_marks_of_the_one_merged_away(office: Office, two: tuple[str, str]) -> None:
    keep, away = two
    merging.merge(office, keep, away)
    made = batch.stage_sheets(office, "x", [Sheet("名单", True, [["姓名", "工号", "部门"], ["张三申", "B99", "二车间"]])])
    planned = batch.make_plan(office, made).rows[0]
    assert (planned.verdict.value, planned.record_id) == ("changed", keep)


def test_the_door_knows_the_old_card_of_somebody_merged_away(office: Office, lecture: str, two: tuple[str, str]) -> None:
    keep, away = two
    merging.merge(office, keep, away)
    outcome = Door(office, lecture).decide("B99")
    assert (outcome.answer, outcome.person and outcome.person.id) == (Answer.ADMITTED, keep)


def test_undo_takes_a_merge_apart(office: Office, add: Callable[..., str], lecture: str, two: tuple[str, str]) -> None:
    keep, away = two
    add(SignIn, lecture=lecture, member=keep, full_name="张三甲", signed_at=NOW + timedelta(minutes=5))
    add(SignIn, lecture=lecture, member=away, full_name="张三申", signed_at=NOW)
    add(Certificate, member=away, occupation="电工")
    before = everything(office)
    act = merging.merge(office, keep, away, take={"employee_no": "B99"})
    assert everything(office) != before
    assert undo.undo(office, act).kept == ()
    assert everything(office) == before
    with office.reading() as session:
        assert resolve(session.connection(), away) == away


@given(st.lists(st.sampled_from(["keep", "away"]), max_size=4), st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merge_then_unmerge_is_before(office: Office, owners: list[str], same_lecture: bool) -> None:
    with office.act(ActKind.EDIT, "准备") as act:
        people = {"keep": act.create(Member, {"full_name": "赵一"}), "away": act.create(Member, {"full_name": "赵乙", "mobile": "13800000001"})}
        lectures = [act.create(Lecture, {"topic": f"讲座{n}", "starts_at": NOW}) for n in range(1 if same_lecture else 4)]
        seen = set()
        for n, owner in enumerate(owners):
            at = lectures[0 if same_lecture else n]
            if (owner, at) not in seen:
                seen.add((owner, at))
                act.create(SignIn, {"lecture": at, "member": people[owner], "full_name": owner, "signed_at": NOW + timedelta(minutes=n)})
    before = everything(office)
    undo.undo(office, merging.merge(office, people["keep"], people["away"]))
    assert everything(office) == before


def test_what_was_merged_once_is_not_merged_again(office: Office, two: tuple[str, str]) -> None:
    keep, away = two
    merging.merge(office, keep, away)
    with pytest.raises(UserError, match="已经"):
        merging.merge(office, keep, away)
    with pytest.raises(UserError, match="同一条"):
        merging.merge(office, keep, keep)


def test_pairs_that_are_two_people_are_not_shown_again(office: Office, two: tuple[str, str]) -> None:
    with office.reading() as session:
        assert len(pairs_in_roster(session.connection())) == 1
    merging.are_different(office, *two)
    with office.reading() as session:
        assert pairs_in_roster(session.connection()) == []


def test_a_withdrawn_record_says_in_the_package_where_it_went(connected: Office, two: tuple[str, str]) -> None:
    from app.services.exchange import outbox, purposes
    from app.sync.suites import AGE

    keep, away = two
    merging.merge(connected, keep, away)
    with connected.vault.engine.connect() as connection:
        made = outbox.gather(connection, outbox.unsent(connection), purposes.scope(connection, date(2026, 11, 20)), AGE)
        lines = next(part for part in made.parts if part.name == "member").lines
    assert any(f'"into":"{keep}"'.encode() in line.replace(b" ", b"") and away.encode() in line for line in lines)


@pytest.mark.parametrize(("one", "other", "near"), [
    ({"full_name": "张三", "mobile": "1"}, {"full_name": "张三", "mobile": "1"}, True),
    ({"full_name": "张珊", "mobile": "1"}, {"full_name": "章姗", "mobile": "1"}, True),
    ({"full_name": "王䶮", "mobile": "1"}, {"full_name": "王?", "mobile": "1"}, True),
    ({"full_name": "张三"}, {"full_name": "张三"}, False),
    ({"full_name": "张三", "department": "a"}, {"full_name": "张三", "department": "a"}, True),
    ({"full_name": "张三", "mobile": "1", "gender": "男"}, {"full_name": "李四", "mobile": "1", "gender": "女"}, False),
    ({"full_name": "张三", "id_number": id_number(1)}, {"full_name": "张三", "id_number": id_number(200, born="19700101")}, False),
])
def test_marks_have_weights(one: dict[str, Any], other: dict[str, Any], near: bool) -> None:
    assert (compare(one, other)[0] >= 5) is near


def test_nobody_is_near_herself(office: Office, two: tuple[str, str]) -> None:
    with office.reading() as session:
        matcher = Matcher(session.connection())
    for record_id, row in matcher.stored.items():
        assert record_id not in [n.id for n in matcher.near(row)]
    assert table_of(Member) is not None


def test_two_entries_become_one_with_the_mark_and_the_certificate_of_either(office: Office, add: Callable[..., str]) -> None:
    from decimal import Decimal

    from db.registers import Certificate, CompetitionRound, Score

    keep, away = add(Member, **person(1)), add(Member, **person(2))
    contest = add(Competition, name="赛", trades="电工")
    final = add(CompetitionRound, competition=contest, name="决赛")
    stays, goes = (add(Entry, competition=contest, member=who, trade="电工", **more) for who, more in ((keep, {}), (away, {"theory_score": Decimal(80), "rank": 3})))
    add(Score, round=final, entry=stays, theory_score=Decimal(1))
    add(Score, round=final, entry=goes, practical_score=Decimal(90))
    certificate = add(Certificate, member=away, occupation="电工", entry=goes)
    act = merging.merge(office, keep, away)
    with office.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.removed_at.is_(None))).one()
        score = session.scalars(select(Score).where(Score.removed_at.is_(None))).one()
        held = session.scalars(select(Certificate).where(Certificate.id == certificate)).one()
        assert (entry.id, entry.rank, entry.theory_score) == (stays, 3, Decimal(80))
        assert (score.entry, score.theory_score, score.practical_score) == (stays, Decimal(1), Decimal(90))
        assert (held.member, held.entry) == (keep, stays)
    undo.undo(office, act)
    with office.reading() as session:
        assert {e.id: (e.member, e.rank) for e in session.scalars(select(Entry).where(Entry.removed_at.is_(None)))} == {stays: (keep, None), goes: (away, 3)}
        assert session.scalars(select(Certificate.entry).where(Certificate.id == certificate)).one() == goes


def test_two_hardship_files_become_one_with_both_families(office: Office, add: Callable[..., str]) -> None:
    from app.services import files, guarded
    from db.registers import FamilyMember, HardshipCase

    guarded.let(office, office.user.name, may=True)
    keep, away = add(Member, **person(1)), add(Member, **person(2))
    cases = [add(HardshipCase, member=who, consent_on=PartialDate(2026, 1, 1), **more) for who, more in ((keep, {}), (away, {"cause": "患病"}))]
    for n, case in enumerate(cases):
        add(FamilyMember, hardship_case=case, full_name=f"家属{'甲乙'[n]}")
    files.put(office, Member, away, "身份证.pdf", b"%PDF", files.SCAN)
    merging.merge(office, keep, away)
    with office.reading() as session:
        case = session.scalars(select(HardshipCase).where(HardshipCase.removed_at.is_(None))).one()
        assert (case.id, case.member, case.cause) == (cases[0], keep, "患病")
        assert {f.hardship_case for f in session.scalars(select(FamilyMember).where(FamilyMember.removed_at.is_(None)))} == {cases[0]}
        assert [k.name for k in files.of_record(session.connection(), keep)] == ["身份证.pdf"]
