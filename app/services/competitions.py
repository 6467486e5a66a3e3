"""A competition after the entries: scores of its rounds, ranking, awards, certificates won, and from these the claims (三位一体)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from app.services import policies
from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from db import codes
from db.dates import PartialDate
from db.fields import Reading
from db.kinds import MARK
from db.problems import UserError
from db.registers import Certificate, Competition, CompetitionRound, CompetitionTrade, Entry, Member, Score, Team

ORDER = ("初赛", "复赛", "决赛")
OUT = ("退出",)
TIES = "总成绩相同的，实操高的在前；再相同的，理论高的在前；都相同的并列，下一名次空出。"
"""The rule for ties, as it is shown and printed (拟)."""
_CENT = Decimal("0.01")


def total(theory: Decimal | None, practical: Decimal | None, share: int) -> Decimal | None:
    """The weighted mark, `share` the theory's part of a hundred; None until the papers that count are marked."""
    if (theory is None and share) or (practical is None and share < 100):
        return None
    return ((theory or Decimal(0)) * share / 100 + (practical or Decimal(0)) * (100 - share) / 100).quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Line:
    """One contestant on the score sheet of a round (or of a competition without rounds)."""

    entry: str
    full_name: str
    department: str
    trade: str
    theory: Decimal | None
    practical: Decimal | None
    is_absent: bool
    total: Decimal | None
    rank: int | None


@dataclass(frozen=True)
class Sheet:
    competition: str
    round: str | None
    title: str
    share: int
    lines: tuple[Line, ...]

    @property
    def complete(self) -> bool:
        return all(line.is_absent or line.total is not None for line in self.lines)


def rounds_of(connection: Connection, competition: str) -> list[Mapping[str, Any]]:
    """The rounds in order: 初赛, 复赛, 决赛."""
    table = table_of(CompetitionRound)
    rows = [dict(r) for r in connection.execute(select(table).where(table.c.competition == competition, table.c.removed_at.is_(None))).mappings()]
    return sorted(rows, key=lambda r: (ORDER.index(r["name"]) if r["name"] in ORDER else len(ORDER), str(r["starts_on"] or "")))


def _share(connection: Connection, competition: Mapping[str, Any], round_: Mapping[str, Any] | None, day: date) -> int:
    for found in (round_["theory_weight"] if round_ else None, competition["theory_weight"]):
        if found is not None:
            return int(found)
    return policies.rule(connection, "theory_share", day).value


def ranks(marks: Sequence[tuple[Decimal | None, Decimal | None, Decimal | None]]) -> list[int | None]:
    """Places for (total, practical, theory); equals share a place and the next is left out; None without a total."""
    keyed = [(t, p or Decimal(0), th or Decimal(0)) for t, p, th in marks if t is not None]
    return [None if t is None else 1 + sum(other > (t, p or Decimal(0), th or Decimal(0)) for other in keyed) for t, p, th in marks]


def sheet(office: Office, competition: str, round_: str | None = None, trade: str | None = None) -> Sheet:
    """The score sheet: who takes part in this round and what they reached. From the second round on: who was let on by the round before."""
    with office.vault.engine.connect() as connection:
        return _sheet(connection, competition, round_, trade, _ruled_on(connection, competition, office))


def _ruled_on(connection: Connection, competition: str, office: Office) -> date:
    """The day whose rules hold for a competition: a contest of before is not ranked anew by a later rule."""
    table = table_of(Competition)
    row = connection.execute(select(table.c.starts_on, table.c.ends_on).where(table.c.id == competition)).first()
    return policies.day_of(*(row or ()), otherwise=office.clock().astimezone().date())


def _sheet(connection: Connection, competition: str, round_: str | None, trade: str | None, day: date) -> Sheet:
    contests, entries, members, scores = table_of(Competition), table_of(Entry), table_of(Member), table_of(Score)
    found = connection.execute(select(contests).where(contests.c.id == competition)).mappings().first()
    if found is None:
        raise UserError("这项竞赛已经不在了，请刷新后再试。")
    rounds = rounds_of(connection, competition)
    now = next((r for r in rounds if r["id"] == round_), None)
    if round_ is not None and now is None:
        raise UserError("这一轮已经不在了，请刷新后再试。")
    query = (
        select(entries.c.id, entries.c.trade, entries.c.state, entries.c.theory_score, entries.c.practical_score, members.c.full_name, members.c.department)
        .join(members, members.c.id == entries.c.member).where(entries.c.competition == competition, entries.c.removed_at.is_(None)).order_by(entries.c.trade, entries.c.rowno)
    )
    rows = [r for r in connection.execute(query).mappings() if (trade is None or r["trade"] == trade) and r["state"] not in OUT]
    if now is None:
        marks = {r["id"]: (r["theory_score"], r["practical_score"], False) for r in rows}
    else:
        rows = [r for r in rows if now["trade"] in (None, r["trade"])]
        let_on = _let_on(connection, competition, rounds, now, dict.fromkeys(r["trade"] for r in rows), day)
        rows = [r for r in rows if r["trade"] not in let_on or r["id"] in let_on[r["trade"]]]
        marks = {r["entry"]: (r["theory_score"], r["practical_score"], bool(r["is_absent"])) for r in connection.execute(select(scores).where(scores.c.round == round_, scores.c.removed_at.is_(None))).mappings()}
    share = _share(connection, dict(found), now, day)
    raw = [(r, *marks.get(r["id"], (None, None, False))) for r in rows]
    totals = [None if absent else total(theory, practical, share) for _, theory, practical, absent in raw]
    lines: list[Line] = []
    for name in dict.fromkeys(r["trade"] for r in rows):
        places = [n for n, (r, *_) in enumerate(raw) if r["trade"] == name]
        for place, n in zip(ranks([(totals[n], raw[n][2], raw[n][1]) for n in places]), places, strict=True):
            r, theory, practical, absent = raw[n]
            lines.append(Line(r["id"], r["full_name"], r["department"] or "", r["trade"], theory, practical, absent, totals[n], place))
    return Sheet(competition, round_, f"{found['name']}{'　' + now['name'] if now else ''}", share, tuple(lines))


def _let_on(connection: Connection, competition: str, rounds: Sequence[Mapping[str, Any]], now: Mapping[str, Any], trades: Iterable[str], day: date) -> dict[str, set[str]]:
    """By trade, who goes on from the round before this one; a trade is missing where there is none, or it lets everybody on."""
    place = next(n for n, r in enumerate(rounds) if r["id"] == now["id"])
    found: dict[str, set[str]] = {}
    for trade in trades:
        before = next((r for r in reversed(rounds[:place]) if r["name"] != now["name"] and r["trade"] in (None, trade)), None)
        if before is not None and before["advance"]:
            marked = _sheet(connection, competition, before["id"], trade, day)
            found[trade] = {line.entry for line in marked.lines if line.rank is not None and line.rank <= before["advance"]}
    return found


def enter_scores(office: Office, competition: str, round_: str | None, marks: Mapping[str, tuple[object, object, bool]]) -> int:
    """Write marks given as text or numbers: entry -> (theory, practical, absent). How many changed. UserError names the first that cannot be."""
    read, wrong = dict[str, tuple[Decimal | None, Decimal | None, bool]](), list[tuple[str, str]]()
    for entry, (theory, practical, absent) in marks.items():
        try:
            read[entry] = (_mark(theory), _mark(practical), absent)
        except UserError as e:
            wrong.append((entry, str(e)))
    if wrong:
        entry, said = wrong[0]
        raise UserError(f"{_whose(office, entry)}：{said}" + (f"一共有 {len(wrong)} 人的成绩要改。" if len(wrong) > 1 else ""))
    changed = 0
    with office.act(ActKind.EDIT, "录入竞赛成绩") as act:
        contest = act.current(Competition, competition)
        act.title = f"录入成绩：{contest['name']}"
        scores = table_of(Score)
        there = {r["entry"]: r["id"] for r in act.connection.execute(select(scores.c.entry, scores.c.id).where(scores.c.round == round_, scores.c.removed_at.is_(None))).mappings()} if round_ else {}
        for entry, (theory, practical, absent) in read.items():
            values = {"theory_score": theory, "practical_score": practical}
            if round_ is None:
                changed += bool(act.change(Entry, entry, values))
            elif entry in there:
                changed += bool(act.change(Score, there[entry], {**values, "is_absent": absent or None}))
            elif theory is not None or practical is not None or absent:
                act.create(Score, {"round": round_, "entry": entry, **values, "is_absent": absent or None})
                changed += 1
    return changed


def _whose(office: Office, entry: str) -> str:
    entries, members = table_of(Entry), table_of(Member)
    with office.vault.engine.connect() as connection:
        return str(connection.execute(select(members.c.full_name).join(entries, entries.c.member == members.c.id).where(entries.c.id == entry)).scalar() or "")


def _mark(cell: object) -> Decimal | None:
    reading: Reading = MARK.read(cell if isinstance(cell, str) else "" if cell is None else str(cell))
    if reading.problems:
        raise UserError(reading.problems[0].message)
    value: Decimal | None = reading.value
    if value is not None and not 0 <= value <= 100:
        raise UserError(f"成绩按百分制填，0 到 100 分，{value} 不对。")
    return value


def weights_wrong(connection: Connection, competition: str) -> str:
    """Why the rounds' weights cannot be reckoned with, in a sentence; empty where they make a hundred or there are none."""
    entries = table_of(Entry)
    rounds = rounds_of(connection, competition)
    for trade in connection.execute(select(entries.c.trade).where(entries.c.competition == competition, entries.c.removed_at.is_(None)).distinct()).scalars():
        total = sum(r["weight"] or 0 for r in rounds if r["trade"] in (None, trade))
        if total not in (0, 100):
            return f"“{trade}”各轮占总成绩加起来是 {total}%，要正好 100%（或者都空着，只看最后一轮）。请到“赛程”里改好再评。"
    return ""


@dataclass(frozen=True)
class Settled:
    """What settling a competition came to."""

    ranked: int
    awarded: int
    without: tuple[str, ...]
    """Names of those who have no total yet."""


def settle(office: Office, competition: str) -> Settled:
    """Totals, places and awards of every trade into the entries, as one act. With weights on the rounds the total is their sum, else the last round decides."""
    with office.act(ActKind.EDIT, "评定名次") as act:
        contest = act.current(Competition, competition)
        day = _ruled_on(act.connection, competition, office)
        act.title = f"评定名次：{contest['name']}"
        if said := weights_wrong(act.connection, competition):
            raise UserError(said)
        results = _results(act.connection, competition, day)
        prizes = [(name, contest[field] or 0) for name, field in (("一等奖", "first_prizes"), ("二等奖", "second_prizes"), ("三等奖", "third_prizes"))]
        ranked = awarded = 0
        without = []
        for out in _withdrawn(act.connection, competition):
            act.change(Entry, out, {"rank": None, "award": None, "total_score": None})
        for trade in dict.fromkeys(r.trade for r in results):
            lines = [r for r in results if r.trade == trade]
            for line, place in zip(lines, ranks([(r.total, r.practical, r.theory) for r in lines]), strict=True):
                award = _award(place, prizes)
                values: dict[str, Any] = {"total_score": line.total, "rank": place, "award": award}
                if place is not None:
                    values["state"] = "完赛"
                if any(r.round for r in results):
                    values |= {"theory_score": line.theory, "practical_score": line.practical}
                act.change(Entry, line.entry, values)
                ranked += place is not None
                awarded += award is not None
                if place is None:
                    without.append(line.full_name)
        _settle_teams(act, competition, results, policies.rule(act.connection, "team_counts", day).value)
    return Settled(ranked, awarded, tuple(without))


def _settle_teams(act: Act, competition: str, results: Sequence["_Result"], counting: int) -> None:
    """A team's mark is the sum of its best members' totals, all of them where the rule says 0; substitutes count for nobody. What was typed for a team without marked members stays."""
    teams, entries = table_of(Team), table_of(Entry)
    totals = {r.entry: r.total for r in results}
    members: dict[str, list[Decimal]] = {}
    for row in act.connection.execute(select(entries.c.id, entries.c.team).where(entries.c.competition == competition, entries.c.team.is_not(None), func.coalesce(entries.c.is_substitute, False).is_(False), entries.c.removed_at.is_(None))):
        if (mark := totals.get(row.id)) is not None:
            members.setdefault(row.team, []).append(mark)
    scores: dict[str, Decimal] = {}
    for team in act.connection.execute(select(teams).where(teams.c.competition == competition, teams.c.removed_at.is_(None))).mappings():
        marks = sorted(members.get(team["id"], ()), reverse=True)
        score = sum(marks[: counting or None], Decimal(0)) if marks else team["score"]
        if score is not None:
            scores[team["id"]] = score
    for team_id, score in scores.items():
        act.change(Team, team_id, {"score": score, "rank": 1 + sum(other > score for other in scores.values())})


def _withdrawn(connection: Connection, competition: str) -> list[str]:
    entries = table_of(Entry)
    return list(connection.execute(select(entries.c.id).where(entries.c.competition == competition, entries.c.state.in_(OUT), entries.c.removed_at.is_(None))).scalars())


@dataclass(frozen=True)
class _Result:
    entry: str
    full_name: str
    trade: str
    theory: Decimal | None
    practical: Decimal | None
    total: Decimal | None
    round: str | None


def _results(connection: Connection, competition: str, day: date) -> list[_Result]:
    rounds = rounds_of(connection, competition)
    if not rounds:
        return [_Result(x.entry, x.full_name, x.trade, x.theory, x.practical, x.total, None) for x in _sheet(connection, competition, None, None, day).lines]
    found: dict[str, _Result] = {}
    sums: dict[str, Decimal] = {}
    reached: dict[str, set[str]] = {}
    of_trade: dict[str, list[Mapping[str, Any]]] = {}
    for r in rounds:
        for x in _sheet(connection, competition, r["id"], None, day).lines:
            if not of_trade.get(x.trade) or of_trade[x.trade][-1]["id"] != r["id"]:
                of_trade.setdefault(x.trade, []).append(r)
            if x.total is not None:
                reached.setdefault(x.entry, set()).add(r["id"])
                sums[x.entry] = sums.get(x.entry, Decimal(0)) + x.total * (r["weight"] or 0) / 100
            if x.total is not None or x.entry not in found:
                found[x.entry] = _Result(x.entry, x.full_name, x.trade, x.theory, x.practical, x.total, r["id"])
    return [replace(x, total=_in_the_end(x, of_trade[x.trade], sums, reached)) for x in found.values()]


def _in_the_end(x: _Result, rounds: Sequence[Mapping[str, Any]], sums: Mapping[str, Decimal], reached: Mapping[str, set[str]]) -> Decimal | None:
    """The total of all rounds: their weighted sum, for who has a mark in each that counts; without weights, the last round's. None for who did not get so far."""
    counting = {r["id"] for r in rounds if r["weight"]}
    if counting:
        return sums[x.entry].quantize(_CENT, ROUND_HALF_UP) if counting <= reached.get(x.entry, set()) else None
    return x.total if x.round == rounds[-1]["id"] else None


def _award(place: int | None, prizes: Sequence[tuple[str, int]]) -> str | None:
    start = 1
    for name, count in prizes:
        if place is not None and start <= place < start + count:
            return name
        start += count
    return None


@dataclass(frozen=True)
class Won:
    """A certificate that an entry has won: the level, and whether by place or by passing."""

    entry: str
    member: str
    full_name: str
    trade: str
    level: str
    is_promotion: bool


def winners(office: Office, competition: str) -> list[Won]:
    """Who gets a certificate of which level by the plan of the trade: the first so many are promoted, who passes both papers gets the pass level."""
    with office.vault.engine.connect() as connection:
        return _winners(connection, competition, _ruled_on(connection, competition, office))


def why_nobody_won(office: Office, competition: str) -> str:
    """The one reason why there is no certificate to register, in a sentence."""
    entries, trades = table_of(Entry), table_of(CompetitionTrade)
    with office.vault.engine.connect() as connection:
        live = (entries.c.competition == competition, entries.c.removed_at.is_(None))
        if connection.execute(select(entries.c.id).where(*live, entries.c.rank.is_not(None)).limit(1)).first() is None:
            return "还没有评定名次。请先点“评定名次和奖项”。"
        plans = connection.execute(select(trades.c.pass_level, trades.c.promotion_level).where(trades.c.competition == competition, trades.c.removed_at.is_(None))).all()
    if not any(p.pass_level or p.promotion_level for p in plans):
        return "不知道谁能取证。请打开这项竞赛，在右边“竞赛工种”里新建工种，写明合格取证等级或晋级等级。"
    return "该登记的都已经登记了，或者没有人达到取证的分数和名次。"


def _winners(connection: Connection, competition: str, day: date) -> list[Won]:
    trades, entries, members, certificates = table_of(CompetitionTrade), table_of(Entry), table_of(Member), table_of(Certificate)
    plans = {r["trade"]: r for r in connection.execute(select(trades).where(trades.c.competition == competition, trades.c.removed_at.is_(None))).mappings()}
    have = set(connection.execute(select(certificates.c.entry).where(certificates.c.entry.is_not(None), certificates.c.removed_at.is_(None))).scalars())
    ladder, pass_score = codes.table("skill_level"), policies.rule(connection, "pass_score", day).value
    found = []
    query = (
        select(entries.c.id, entries.c.member, entries.c.trade, entries.c.rank, entries.c.theory_score, entries.c.practical_score, members.c.full_name)
        .join(members, members.c.id == entries.c.member).where(entries.c.competition == competition, entries.c.removed_at.is_(None), entries.c.rank.is_not(None), func.coalesce(entries.c.state, "").not_in(OUT), members.c.removed_at.is_(None)).order_by(entries.c.trade, entries.c.rank, entries.c.rowno)
    )
    for r in connection.execute(query).mappings():
        plan = plans.get(r["trade"])
        if plan is None or r["id"] in have:
            continue
        passed = plan["pass_level"] and all(mark is not None and mark >= (plan["pass_score"] or pass_score) for mark in (r["theory_score"], r["practical_score"]))
        promoted = plan["promotion_level"] and plan["promotion_ranks"] and r["rank"] <= plan["promotion_ranks"]
        levels = [(plan["promotion_level"], True)] * bool(promoted) + [(plan["pass_level"], False)] * bool(passed)
        if levels:
            level, by_rank = max(levels, key=lambda x: ladder.rank(x[0]))
            found.append(Won(r["id"], r["member"], r["full_name"], r["trade"], level, by_rank))
    return found


def certify(office: Office, competition: str, *, issued_on: PartialDate, issuing_body: str, numbers: Mapping[str, str] | None = None, kind: str = "职业技能等级证书") -> list[str]:
    """Certificates for everybody who won one, as one act; `numbers` by entry where they are known. The entries are marked; the ids of the certificates."""
    made = []
    with office.act(ActKind.EDIT, "登记竞赛取证") as act:
        contest = act.current(Competition, competition)
        trades = table_of(CompetitionTrade)
        plans = {r["trade"]: r for r in act.connection.execute(select(trades).where(trades.c.competition == competition, trades.c.removed_at.is_(None))).mappings()}
        found = _winners(act.connection, competition, _ruled_on(act.connection, competition, office))
        act.title = f"登记竞赛取证：{contest['name']}，{len(found)} 本"
        for one in found:
            plan = plans[one.trade]
            made.append(
                act.create(
                    Certificate,
                    {
                        "member": one.member, "kind": kind, "occupation": one.trade, "occupation_code": plan["occupation_code"], "occupation_edition": plan["occupation_edition"], "skill_level": one.level,
                        "certificate_no": (numbers or {}).get(one.entry) or None, "issuing_body": issuing_body or None, "issued_on": issued_on, "entry": one.entry,
                    },
                )
            )
            act.change(Entry, one.entry, {"outcome": "晋级取证" if one.is_promotion else "已取证"})
    return made
