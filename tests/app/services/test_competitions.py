"""A competition from its entries to certificates and claims: weights, rounds, ties, awards, promotion."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.services import competitions, entries, undo
from app.services.office import Office
from app.services.records import ActKind
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Certificate, Competition, CompetitionRound, CompetitionTrade, Entry, Member
from tests.conftest import person

THIRD = "三级/高级工"


@pytest.fixture
def contest(office: Office, add: Callable[..., str]) -> str:
    made = add(Competition, name="电工技能竞赛", trades="电工、焊工", theory_weight=30, first_prizes=1, second_prizes=1, third_prizes=1)
    entries.enter(office, made, "电工", [add(Member, **person(n)) for n in range(5)])
    return made


def entry_ids(office: Office) -> list[str]:
    with office.reading() as session:
        return list(session.scalars(select(Entry.id).order_by(Entry.rowno)))


def stored(office: Office, *names: str) -> list[tuple[Any, ...]]:
    with office.reading() as session:
        return [tuple(row) for row in session.execute(select(*(getattr(Entry, name) for name in names)).order_by(Entry.rowno))]


def marks(office: Office, *pairs: tuple[str, str]) -> dict[str, tuple[object, object, bool]]:
    return {entry: (theory, practical, False) for entry, (theory, practical) in zip(entry_ids(office), pairs, strict=False)}


def test_marks_are_weighted_ranked_and_awarded(office: Office, contest: str) -> None:
    competitions.enter_scores(office, contest, None, marks(office, ("80", "90"), ("90", "70"), ("60", "60"), ("100", "95.5")))
    done = competitions.settle(office, contest)
    assert (done.ranked, done.awarded, len(done.without)) == (4, 3, 1)
    assert stored(office, "total_score", "rank", "award") == [
        (Decimal("87.00"), 2, "二等奖"), (Decimal("76.00"), 3, "三等奖"), (Decimal("60.00"), 4, None), (Decimal("96.85"), 1, "一等奖"), (None, None, None),
    ]


def test_equal_totals_are_told_apart_by_practice_and_shared_when_all_is_equal(office: Office, contest: str) -> None:
    competitions.enter_scores(office, contest, None, marks(office, ("70", "70"), ("70", "70"), ("63", "73"), ("0", "0")))
    competitions.settle(office, contest)
    assert [rank for (rank,) in stored(office, "rank")] == [2, 2, 1, 4, None]


def test_only_those_let_on_reach_the_final_and_the_final_decides(office: Office, add: Callable[..., str], contest: str) -> None:
    first = add(CompetitionRound, competition=contest, name="初赛", advance=2)
    final = add(CompetitionRound, competition=contest, name="决赛")
    competitions.enter_scores(office, contest, first, marks(office, ("80", "80"), ("90", "90"), ("70", "70"), ("60", "60")))
    reached = competitions.sheet(office, contest, final)
    assert [line.full_name for line in reached.lines] == [person(0)["full_name"], person(1)["full_name"]]
    competitions.enter_scores(office, contest, final, {reached.lines[0].entry: ("95", "95", False), reached.lines[1].entry: ("", "", True)})
    competitions.settle(office, contest)
    assert [rank for (rank,) in stored(office, "rank")] == [1, None, None, None, None]


def test_rounds_with_weights_are_added_up(office: Office, add: Callable[..., str], contest: str) -> None:
    first, final = (add(CompetitionRound, competition=contest, name=name, weight=weight) for name, weight in (("初赛", 40), ("决赛", 60)))
    competitions.enter_scores(office, contest, first, marks(office, ("100", "100"), ("50", "50")))
    competitions.enter_scores(office, contest, final, marks(office, ("50", "50"), ("100", "100")))
    competitions.settle(office, contest)
    assert stored(office, "total_score", "rank")[:2] == [(Decimal("70.00"), 2), (Decimal("80.00"), 1)]


@pytest.mark.parametrize("bad", ["101", "-1", "八十", "80.555"])
def test_a_mark_that_cannot_be_is_refused_and_nothing_is_written(office: Office, contest: str, bad: str) -> None:
    with pytest.raises(UserError):
        competitions.enter_scores(office, contest, None, marks(office, ("80", "90"), (bad, "70")))
    assert stored(office, "theory_score")[0] == (None,)


def test_winners_get_certificates_once_and_the_roster_follows(office: Office, add: Callable[..., str], contest: str) -> None:
    add(CompetitionTrade, competition=contest, trade="电工", occupation_code="6-31-01-03", occupation_edition="2015", pass_score=Decimal(60), pass_level="四级/中级工", promotion_ranks=1, promotion_level=THIRD)
    competitions.enter_scores(office, contest, None, marks(office, ("80", "90"), ("60", "60"), ("59", "80"), ("10", "20")))
    competitions.settle(office, contest)
    assert [(w.full_name, w.level, w.is_promotion) for w in competitions.winners(office, contest)] == [(person(0)["full_name"], THIRD, True), (person(1)["full_name"], "四级/中级工", False)]
    made = competitions.certify(office, contest, issued_on=PartialDate(2026, 11, 20), issuing_body="北京市某某技能评价中心", numbers={entry_ids(office)[0]: "S000011000123263000001"})
    assert len(made) == 2 and competitions.winners(office, contest) == []
    with office.reading() as session:
        best = session.scalars(select(Certificate).where(Certificate.id == made[0])).one()
        assert (best.occupation, best.occupation_code, best.skill_level, best.certificate_no) == ("电工", "6-31-01-03", THIRD, "S000011000123263000001")
        assert session.scalars(select(Member.skill_level).where(Member.id == best.member)).one() == THIRD
    assert [outcome for (outcome,) in stored(office, "outcome")][:3] == ["晋级取证", "已取证", None]


def test_a_level_is_never_lowered(office: Office, add: Callable[..., str], contest: str) -> None:
    add(CompetitionTrade, competition=contest, trade="焊工", promotion_ranks=1, promotion_level="五级/初级工")
    who = add(Member, **person(9, skill_level="二级/技师"))
    [entry] = entries.enter(office, contest, "焊工", [who]).entries
    competitions.enter_scores(office, contest, None, {entry: ("80", "80", False)})
    competitions.settle(office, contest)
    competitions.certify(office, contest, issued_on=PartialDate(2026, 11, 20), issuing_body="")
    with office.reading() as session:
        assert session.scalars(select(Member.skill_level).where(Member.id == who)).one() == "二级/技师"


def test_a_level_too_low_for_the_trade_is_refused_at_entry(office: Office, add: Callable[..., str], contest: str) -> None:
    add(CompetitionTrade, competition=contest, trade="焊工", lowest_level="四级/中级工")
    low, high, none = add(Member, **person(7, skill_level="五级/初级工")), add(Member, **person(8, skill_level=THIRD)), add(Member, **person(9))
    done = entries.enter(office, contest, "焊工", [low, high, none])
    assert len(done.entries) == 1 and all("以上" in r.why for r in done.refused)


def test_settling_is_one_act_that_can_be_taken_back(office: Office, contest: str) -> None:
    competitions.enter_scores(office, contest, None, marks(office, ("80", "90"), ("90", "70")))
    before = stored(office, "rank", "award", "state")
    competitions.settle(office, contest)
    with office.reading() as session:
        act = undo.last_undoable(session)
    assert act is not None and act.title.startswith("评定名次")
    undo.undo(office, act.act)
    assert stored(office, "rank", "award", "state") == before


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=12))
def test_places_are_those_of_the_sorted_list(pairs: list[tuple[int, int]]) -> None:
    rows = [(competitions.total(Decimal(t), Decimal(p), 30), Decimal(p), Decimal(t)) for t, p in pairs]
    places = competitions.ranks(rows)
    for (one, place), (other, behind) in ((a, b) for a in zip(rows, places, strict=True) for b in zip(rows, places, strict=True)):
        assert (place is not None and behind is not None) and (place < behind) == (one > other)


def test_each_trade_goes_on_from_its_own_first_round(office: Office, add: Callable[..., str], contest: str) -> None:
    welders = entries.enter(office, contest, "焊工", [add(Member, **person(n)) for n in (11, 12)]).entries
    electric = add(CompetitionRound, competition=contest, name="初赛", trade="电工", advance=1)
    welding = add(CompetitionRound, competition=contest, name="初赛", trade="焊工", advance=1)
    final = add(CompetitionRound, competition=contest, name="决赛")
    competitions.enter_scores(office, contest, electric, marks(office, ("80", "80"), ("90", "90")))
    competitions.enter_scores(office, contest, welding, {welders[0]: ("70", "70", False), welders[1]: ("60", "60", False)})
    assert {(line.full_name, line.trade) for line in competitions.sheet(office, contest, final).lines} == {(person(1)["full_name"], "电工"), (person(11)["full_name"], "焊工")}


def test_nobody_is_ranked_by_weights_before_the_last_mark(office: Office, add: Callable[..., str], contest: str) -> None:
    first, _final = (add(CompetitionRound, competition=contest, name=name, weight=weight) for name, weight in (("初赛", 40), ("决赛", 60)))
    competitions.enter_scores(office, contest, first, marks(office, ("100", "100")))
    assert competitions.settle(office, contest).ranked == 0


def test_who_withdrew_has_no_place_and_wins_nothing(office: Office, add: Callable[..., str], contest: str) -> None:
    add(CompetitionTrade, competition=contest, trade="电工", promotion_ranks=1, promotion_level=THIRD)
    competitions.enter_scores(office, contest, None, marks(office, ("90", "90"), ("80", "80")))
    competitions.settle(office, contest)
    with office.act(ActKind.EDIT, "退出") as act:
        act.change(Entry, entry_ids(office)[0], {"state": "退出"})
    competitions.settle(office, contest)
    assert [rank for (rank,) in stored(office, "rank")][:2] == [None, 1]
    assert [w.full_name for w in competitions.winners(office, contest)] == [person(1)["full_name"]]


@pytest.mark.parametrize(("counting", "expected"), [(0, {"一队": ("255", 1), "二队": ("170", 2), "三队": ("99", 3)}), (2, {"一队": ("175", 1), "二队": ("170", 2), "三队": ("99", 3)})])
def test_a_teams_mark_is_the_sum_of_its_best_and_what_was_typed_stays(office: Office, add: Callable[..., str], counting: int, expected: dict[str, tuple[str, int]]) -> None:
    from app.services.exchange import items
    from db.registers import Team

    row = next(r for r in items.shipped_rows("rule") if r["id"] == "team_counts")
    items.keep_own(office, "rule", {**row, "value": counting, "valid_from": "2026-01-01", "source": "某通知"})
    contest = add(Competition, name="团体赛", trades="电工")
    teams = {name: add(Team, competition=contest, name=name, score=Decimal(99) if name == "三队" else None) for name in ("一队", "二队", "三队")}
    marks = {}
    for n, (team, mark, substitute) in enumerate((("一队", 90, False), ("一队", 85, False), ("一队", 80, False), ("一队", 100, True), ("二队", 85, False), ("二队", 85, False))):
        marks[add(Entry, competition=contest, member=add(Member, **person(n)), trade="电工", team=teams[team], is_substitute=substitute)] = (str(mark), str(mark), False)
    competitions.enter_scores(office, contest, None, marks)
    competitions.settle(office, contest)
    with office.reading() as session:
        found = {t.name: (f"{t.score.normalize():f}", t.rank) for t in session.scalars(select(Team))}
    assert found == expected


def test_a_wrong_mark_says_whose_it_is(office: Office, add: Callable[..., str]) -> None:
    contest = add(Competition, name="赛", trades="电工")
    entry = add(Entry, competition=contest, member=add(Member, **person(1)), trade="电工")
    with pytest.raises(UserError, match=f"{person(1)['full_name']}：看不懂的分数"):
        competitions.enter_scores(office, contest, None, {entry: ("八十", "", False)})
