"""What a claim rests on, read in bulk: certificates, places in a contest, patents, trainings, studios, projects, or the person herself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, func, select

from app.services.records import table_of
from db.dates import PartialDate
from db.record import Record, fields_of
from db.registers import Certificate, Competition, CompetitionRound, Entry, Member, Officer, Patent, Project, Studio, StudioMember, SubsidyApplication, Training
from db.registers.claims import BASES, SKILL


@dataclass(frozen=True)
class Basis:
    """`field` is the claim's field that names it. `arose`: the day from which the right is reckoned. `level` chooses the amount, `subject` is what two claims may not both be of."""

    field: str
    id: str
    title: str
    member: Mapping[str, Any] | None
    arose: PartialDate | None = None
    arose_label: str = ""
    level: str | None = None
    subject: str | None = None
    kind: str | None = None
    is_removed: bool = False
    facts: Mapping[str, Any] | None = None
    """What the conditions ask about: the record's own values and what hangs on it."""


COMPLETE = ("校验通过", "基层工会已审")
"""The states of a claim that is complete: the next package takes it along."""
DEAD_STATES = ("撤回", "不批准")
"""A claim in these states is none."""
GRANTED = ("批准", "已发放", "以前已发放")
UNDER_WAY = (*COMPLETE, "已打包", "街道已审", "区级受理")
"""The states of a claim that is on its way."""
SOCIAL = "社会工作者职业水平证书"
_SOCIAL_LEVELS = (("助理", "初级社会工作者"), ("高级", "高级社会工作者"), ("社会工作师", "中级社会工作者"), ("中级", "中级社会工作者"))
"""助理社会工作师, 社会工作师 and 高级社会工作师 are the three levels of that certificate (人社部发〔2018〕25号)."""


def level_of(row: Mapping[str, Any]) -> str | None:
    """The skill level; of a social worker's certificate, which has another ladder, the one that its name says."""
    if row["kind"] == SOCIAL and not row["skill_level"]:
        return next((level for word, level in _SOCIAL_LEVELS if word in (row["occupation"] or "")), None)
    level: str | None = row["skill_level"]
    return level


_PERSON = ("id", "full_name", "removed_at", "membership_event", "membership_event_date", "joined_on", "member_card_no", "household_type", "is_migrant_worker", "education", "employment_status")
_CERTIFICATE = ("id", "member", "kind", "occupation", "skill_level", "issued_on", "removed_at", "is_verified", "entry", "training", "occupation_code", "occupation_edition")
_AT_ONCE = 500
FIELDS = tuple(dict.fromkeys(field for fields in BASES.values() for field in fields))
"""Every field of a claim that can name its basis."""


def read(connection: Connection, claim: str, ids: Sequence[str] | None = None, *, known: dict[str, list[Basis]] | None = None) -> list[Basis]:
    """Everything a kind of claim can rest on, or of that what `ids` names; removed records only when they are named. `known`: what was read for another kind already."""
    found: list[Basis] = []
    for field in BASES[claim] or ("member",):
        if known is None or field not in known:
            made = _READERS[field](connection, ids)
            if known is not None:
                known[field] = made
        else:
            made = known[field]
        found += made
    return found


def named_by(row: Mapping[str, Any]) -> str | None:
    """The id of what a claim rests on, by the claim's own values."""
    return next((row[field] for field in BASES.get(row["kind"] or SKILL, ()) or ("member",) if row.get(field)), None)


def field_for(claim: str) -> str:
    """The field that names the basis of most claims of a kind."""
    return (BASES[claim] or ("member",))[0]


def _rows(connection: Connection, register: type[Any], ids: Sequence[str] | None, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The records that are named, or all live ones; all columns, or those in `names`."""
    table = table_of(register)
    if ids is None and names:
        return _all_rows(connection, register, names, "removed_at IS NULL")
    query = select(*(table.c[name] for name in names)) if names else select(table)
    if ids is None:
        return [dict(row) for row in connection.execute(query.where(table.c.removed_at.is_(None))).mappings()]
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        found += (dict(row) for row in connection.execute(query.where(table.c.id.in_(ids[start : start + _AT_ONCE]))).mappings())
    return found


def _all_rows(connection: Connection, register: type[Record], names: Sequence[str], where: str = "1") -> list[dict[str, Any]]:
    """Some columns of every row, read past SQLAlchemy's rows: of twenty thousand they are most of the time."""
    columns = ", ".join(f'"{name}"' for name in names)
    found = connection.exec_driver_sql(f"SELECT {columns} FROM {register.__tablename__} WHERE {where}").cursor
    assert found is not None
    kinds = {f.name: f.kind for f in fields_of(register)}
    read = [cache(kinds[name].from_wire) if name in kinds and not kinds[name].is_own_wire else None for name in names]
    odd = [(n, one) for n, one in enumerate(read) if one is not None]
    rows = []
    for row in found.fetchall():
        values = list(row)
        for n, one in odd:
            if values[n] is not None:
                values[n] = one(values[n])
        rows.append(dict(zip(names, values, strict=True)))
    return rows


def _people(connection: Connection, ids: Sequence[str | None] | None) -> dict[str, Mapping[str, Any]]:
    """The members that are named, or all; by id."""
    table = table_of(Member)
    query = select(*(table.c[name] for name in _PERSON))
    wanted = [i for i in dict.fromkeys(ids or ()) if i]
    if ids is None or len(wanted) > _AT_ONCE:
        return {row["id"]: row for row in _all_rows(connection, Member, _PERSON)}
    return {row["id"]: dict(row) for row in connection.execute(query.where(table.c.id.in_(wanted))).mappings()} if wanted else {}


def _certificates(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    rows = _rows(connection, Certificate, ids, _CERTIFICATE)
    people = _people(connection, [r["member"] for r in rows])
    if any(r["kind"] == SOCIAL for r in rows):
        table = table_of(Officer)
        full_time = set(connection.execute(select(table.c.member).where(table.c.is_full_time.is_(True), table.c.left_on.is_(None), table.c.removed_at.is_(None))).scalars())
        for r in rows:
            r["is_union_social_worker"] = r["member"] in full_time
    return [
        Basis("certificate", r["id"], " ".join(p for p in (r["occupation"], r["skill_level"]) if p) or "证书", people.get(r["member"]), r["issued_on"], "发证", level_of(r), r["occupation"], r["kind"], r["removed_at"] is not None, r)
        for r in rows
    ]


def _entries(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    """Places in contests that gave no certificate; the level of the amount is empty, the round is the highest there was."""
    rows = _rows(connection, Entry, ids)
    if ids is None:
        rows = [r for r in rows if r["rank"] and r["state"] != "退出"]
    people = _people(connection, [r["member"] for r in rows])
    contests = {r["id"]: r for r in _rows(connection, Competition, list(dict.fromkeys(r["competition"] for r in rows)))}
    won = table_of(Certificate)
    certified = set(connection.execute(select(won.c.entry).where(won.c.entry.is_not(None), won.c.removed_at.is_(None))).scalars())
    table = table_of(CompetitionRound)
    rounds: dict[str, set[str]] = {}
    for competition, name in connection.execute(select(table.c.competition, table.c.name).where(table.c.removed_at.is_(None))):
        rounds.setdefault(competition, set()).add(name)
    found = []
    for r in rows:
        contest = contests.get(r["competition"], {})
        highest = next((name for name in ("决赛", "复赛", "初赛") if name in rounds.get(r["competition"], ())), "决赛")
        facts = {**r, "has_certificate": r["id"] in certified, "highest_round": highest, "competition_class": contest.get("competition_class"), "entrant_total": contest.get("entrant_total")}
        found.append(Basis("entry", r["id"], f"{contest.get('name') or '竞赛'} {r['trade']}", people.get(r["member"]), contest.get("ends_on") or contest.get("starts_on"), "竞赛结束", None, f"{r['competition']}:{r['trade']}", None, r["removed_at"] is not None, facts))
    return found


def _patents(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    rows = _rows(connection, Patent, ids)
    people = _people(connection, [r["member"] for r in rows])
    return [Basis("patent", r["id"], r["name"], people.get(r["member"]), r["grant_published_on"], "授权公告", None, r["patent_no"] or r["id"], r["kind"], r["removed_at"] is not None, r) for r in rows]


def _trainings(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    rows = _rows(connection, Training, ids)
    table = table_of(Certificate)
    won: dict[str, list[str]] = {}
    for training, certificate in connection.execute(select(table.c.training, table.c.id).where(table.c.training.is_not(None), table.c.removed_at.is_(None))):
        won.setdefault(training, []).append(certificate)
    return [Basis("training", r["id"], r["name"], None, r["ends_on"] or r["starts_on"], "培训结束", r["skill_level"], r["id"], r["kind"], r["removed_at"] is not None, {**r, "certificates": won.get(r["id"], [])}) for r in rows]


def _studios(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    rows = _rows(connection, Studio, ids)
    team = table_of(StudioMember)
    counts: dict[str, int] = dict(connection.execute(select(team.c.studio, func.count()).where(team.c.removed_at.is_(None), team.c.left_on.is_(None)).group_by(team.c.studio)).all())
    return [Basis("studio", r["id"], r["name"], None, r["named_on"], "命名", r["level"], r["id"], r["studio_kind"], r["removed_at"] is not None, {**r, "team": counts.get(r["id"], 0)}) for r in rows]


def _projects(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    rows = _rows(connection, Project, ids)
    everything = rows if ids is None else _rows(connection, Project, None)
    found = []
    for r in rows:
        others = [{name: o[name] for name in ("id", "name", "first_paid_on")} for o in everything if o["id"] != r["id"] and not o["settled_on"] and ((r["studio"] and o["studio"] == r["studio"]) or (r["leader"] and o["leader"] == r["leader"]))]
        found.append(Basis("project", r["id"], r["name"], None, r["approved_on"], "立项", r["level"], r["id"], None, r["removed_at"] is not None, {**r, "others": others}))
    return found


def granted_projects(connection: Connection) -> set[str]:
    """The projects for which a grant was approved or given."""
    claims = table_of(SubsidyApplication)
    return set(connection.execute(select(claims.c.project).where(claims.c.project.is_not(None), claims.c.removed_at.is_(None), claims.c.state.in_(GRANTED))).scalars())


def _persons(connection: Connection, ids: Sequence[str] | None) -> list[Basis]:
    return [Basis("member", p["id"], p["full_name"], p, is_removed=p["removed_at"] is not None, subject=p["id"], facts=p) for p in _people(connection, ids).values() if ids is not None or p["removed_at"] is None]


_READERS: Mapping[str, Callable[[Connection, Sequence[str] | None], list[Basis]]] = {
    "certificate": _certificates, "entry": _entries, "patent": _patents, "training": _trainings, "studio": _studios, "project": _projects, "member": _persons,
}
