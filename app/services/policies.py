"""Dated rows of policy: who may claim what, how much, until when; and the single numbers that rules ask for.

Amounts, levels and windows are rows of `resources/policies`, or the administrator's or the district's in their place; none is a
constant here. A claim keeps the id of the row it was judged by, so judging it again later gives the old answer.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, func, select

from app.services.exchange.items import drop_own, keep_own, key_of, newest, policy_editions, row_on, rows_of
from app.services.office import Office
from app.services.records import table_of
from db.dates import PartialDate
from db.problems import UserError
from db.registers import SubsidyApplication
from db.registers.claims import SKILL


@dataclass(frozen=True, kw_only=True)
class ClaimPolicy:
    """One row: valid for claims of its kind made between the dates; amounts in yuan."""

    id: str
    claim: str
    title: str
    scope: str
    source: str
    valid_from: date
    valid_to: date | None
    window_months: int | None
    """Claims end so many months after the right arose (the certificate's date of issue); None: no end by months."""
    year_after: bool
    """Whether it can be claimed only in the calendar year after the right arose."""
    once_per_level: bool
    per_person_and_year: int
    no_lower_after_higher: bool
    amounts: Mapping[str, Decimal]
    """By level; under an empty word what does not depend on one. Empty where no document names an amount."""
    kinds: tuple[str, ...]
    conditions: tuple[str, ...]
    """Names of `app.services.claims.conditions`."""
    excludes: tuple[str, ...]
    """Other claims for which the same basis cannot be used as well."""
    limits: Mapping[str, int]
    """Numbers that the conditions ask for, by name: final_places, insured_months and so on."""
    lists: Mapping[str, tuple[str, ...]]
    """Words that the conditions ask for, by name: educations."""
    parts: tuple[int, ...]
    """The payments in which it comes: 60 and 40 of a hundred, or equal ones: 1, 1 and 1."""
    adds: bool
    """Whether it is paid on top of another row for the same claim (a district's own share)."""
    share: int
    """Where it adds: so many parts of a hundred of the other row's amount; 0 where it names amounts itself."""

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def is_proposed(self) -> bool:
        """Whether no document was found that sets it."""
        return "拟" in self.source

    def amount_for(self, level: str | None) -> Decimal | None:
        return self.amounts.get(level or "", self.amounts.get(""))


def claim_policies(connection: Connection | None = None) -> tuple[ClaimPolicy, ...]:
    """The rows that hold here: the program's own, and those of the administrator and the district in their place or beside them."""
    return tuple(map(_read, rows_of(connection, "policy")))


def _read(row: Mapping[str, Any]) -> ClaimPolicy:
    return ClaimPolicy(
        id=row["id"], claim=row.get("claim", SKILL), title=row["title"], scope=row["scope"], source=row["source"], valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row.get("valid_to") else None, window_months=row.get("window_months") or None, year_after=bool(row.get("year_after")),
        once_per_level=row["once_per_level"], per_person_and_year=row["per_person_and_year"], no_lower_after_higher=row["no_lower_after_higher"],
        amounts={level["level"]: Decimal(str(level["amount"])) for level in row["levels"]}, kinds=tuple(row["kinds"]), conditions=tuple(row.get("conditions", ())), excludes=tuple(row.get("excludes", ())),
        limits=dict(row.get("limits", {})), lists={name: tuple(words) for name, words in row.get("lists", {}).items()}, parts=tuple(row.get("parts", (100,))), adds=bool(row.get("adds")), share=int(row.get("share", 0)),
    )


def policy_named(connection: Connection | None, policy_id: str) -> ClaimPolicy | None:
    """The edition of that id, also one that no new claim is judged by any more."""
    return next((policy for policy in all_editions(connection) if policy.id == policy_id), None)


def all_editions(connection: Connection | None) -> list[ClaimPolicy]:
    """Every row that claims may have been judged by, the newest of one name first."""
    rows = [row for row, _ in policy_editions(connection)] if connection is not None else rows_of(None, "policy")
    return [_read(row) for row in reversed(rows)]


def policy_on(connection: Connection | None, day: date, claim: str = SKILL) -> ClaimPolicy | None:
    """The row for claims of a kind made on that day; the latest where several hold."""
    holding = [p for p in claim_policies(connection) if p.claim == claim and not p.adds and p.holds_on(day)]
    return max(enumerate(holding), key=lambda pair: (pair[1].valid_from, pair[0]))[1] if holding else None


def added_on(connection: Connection | None, day: date, claim: str) -> tuple[ClaimPolicy, ...]:
    """The rows that are paid on top of it on that day."""
    return tuple(p for p in claim_policies(connection) if p.claim == claim and p.adds and p.holds_on(day))


@lru_cache(maxsize=8192)
def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month: 2018-02-15 + 12 -> 2019-02-15."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_to_claim(policy: ClaimPolicy, arose: PartialDate) -> date | None:
    """A date that is only a month counts from that month's last day: the clerk is asked, nobody loses a claim."""
    if policy.year_after:
        return date(arose.year + 1, 12, 31)
    return months_after(arose.last_day(), policy.window_months) if policy.window_months else None


LIMITS: Mapping[str, str] = {
    "final_places": "决赛前几名", "semifinal_places": "复赛前几名", "final_entrants": "办决赛的初赛人数", "semifinal_entrants": "办复赛的初赛人数", "contract_months": "合同满几个月", "project_months": "项目几个月内完成", "amount_least": "最少几元", "amount_most": "最多几元",
    "insured_months": "失业保险缴满几个月", "strict_ladder": "申请过高等级就不能再申请低等级（是填 1）",
}
"""What the numbers of a policy row are called."""


def base_of(policy_id: str) -> str:
    """What the editions of one row have in common."""
    return policy_id.partition("@")[0].partition("-BJ")[0]


def change(office: Office, policy_id: str, **changed: Any) -> str:
    """The administrator's own row in place of another from its first day on; its id. The old row stays, so that what was judged by it stays judged so. UserError where a value cannot be."""
    with office.vault.engine.connect() as connection:
        rows, every = rows_of(connection, "policy"), policy_editions(connection)
    row = next(r for r in rows if r["id"] == policy_id)
    base = base_of(policy_id)
    number = 1 + sum(r["id"].startswith(f"{base}-BJ") for r, _ in every)
    made = {**row, "scope": "own", **changed, "id": f"{base}-BJ{number}"}
    keep_own(office, "policy", made)
    return str(made["id"])


def add_share(office: Office, policy_id: str, share: int, valid_from: str) -> str:
    """A row of one's own that is paid on top of another, as so many parts of a hundred of it (房山 2016: 1:1); its id."""
    with office.vault.engine.connect() as connection:
        row = next(r for r in rows_of(connection, "policy") if r["id"] == policy_id)
    made = f"{base_of(policy_id)}-PT"
    keep_own(office, "policy", {**row, "id": made, "title": f"{row['title']}（配套）", "scope": "own", "source": "本工会定", "valid_from": valid_from, "adds": True, "share": share})
    return made


def drop(office: Office, kind: str, row: Mapping[str, Any]) -> None:
    """Take a row of the administrator's own away. UserError for a policy by which claims were judged: they keep it."""
    if kind == "policy":
        table = table_of(SubsidyApplication)
        with office.vault.engine.connect() as connection:
            used = connection.execute(select(func.count()).where(table.c.policy == row["id"], table.c.removed_at.is_(None))).scalar_one()
        if used:
            raise UserError(f"有 {used} 份申请是按这一条算的，不能去掉；要改就从新的一天起另写一条。")
    drop_own(office, kind, key_of(kind, row))


def day_of(*written: Any, otherwise: date) -> date:
    """The day by whose rules a record is judged: the first of its dates that is written, or else another."""
    return next((w.first_day() for w in written if isinstance(w, PartialDate)), otherwise)


@dataclass(frozen=True)
class Rule:
    """A single number of policy: how many days a notice stands, how many people make a team."""

    id: str
    title: str
    value: int
    source: str


def rule(connection: Connection | None, name: str, day: date) -> Rule:
    """The rule of that name on a day; before its first row that one. KeyError where there is none."""
    row = row_on(connection, "rule", name, day) or min((r for r in rows_of(connection, "rule") if r["id"] == name), key=lambda r: str(r["valid_from"]), default=None)
    if row is None:
        raise KeyError(name)
    return Rule(name, row["title"], int(row["value"]), row["source"])


def dated(connection: Connection, kind: str, names: Iterable[str], day: date) -> dict[str, Any]:
    """The numbers of rules, or the texts of pledges, as they are on a day, before the first row as in that; nothing under a name that there is none of."""
    value = {"rule": "value", "pledge": "text"}[kind]
    rows = rows_of(connection, kind)
    found = {}
    for name in names:
        mine = [r for r in rows if r["id"] == name]
        row = newest(mine, day) or min(mine, key=lambda r: str(r["valid_from"]), default=None)
        found[name] = row[value] if row is not None else ""
    return found


def spans(connection: Connection, name: str, first: date, last: date) -> list[tuple[date, int]]:
    """The rule over a stretch of days: from which day on which number, the earliest first. KeyError where there is none."""
    changes = {date.fromisoformat(r["valid_from"]) for r in rows_of(connection, "rule") if r["id"] == name}
    days = sorted({first, *(day for day in changes if first < day <= last)})
    return [(day, rule(connection, name, day).value) for day in days]

