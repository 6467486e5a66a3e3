"""Funds: bookings against budget lines, reversals, balances. A balance is only ever reckoned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, func, select

from app.services.office import Office
from app.services.policies import policy_named
from app.services.records import Act, ActKind, Invalid, table_of
from db.dates import PartialDate
from db.problems import Problem, UserError, warning
from db.registers import BudgetLine, LedgerEntry, Member, Project, SubsidyApplication

TRAINING_ONLY, TRAINING = "只用于职工培训", "职工培训"
PAYABLE = ("批准", "已发放")
_OF_CLAIM = {"技能提升补贴": "技能补贴", "职业发展助推": "技能补贴", "农民工大学生助推": "职工培训", "培训单位补贴": "职工培训", "专利助推": "职工创新", "创新工作室助推": "职工创新", "创新项目助推": "职工创新"}


@dataclass(frozen=True)
class Balance:
    """One budget line as it stands."""

    line: str
    year: int
    name: str
    programme: str
    budget: Decimal
    received: Decimal
    paid: Decimal
    beneficiaries: int

    @property
    def left(self) -> Decimal:
        """What the budget still allows."""
        return self.budget - self.paid

    @property
    def in_hand(self) -> Decimal:
        return self.received - self.paid

    @property
    def per_head(self) -> Decimal | None:
        """Cost for each who benefited."""
        return (self.paid / self.beneficiaries).quantize(Decimal("0.01")) if self.beneficiaries else None


def balances(connection: Connection, year: int | None = None) -> list[Balance]:
    """Every budget line with what was received and paid on it."""
    lines, ledger = table_of(BudgetLine), table_of(LedgerEntry)
    sums: dict[str, list[Any]] = {}
    for row in connection.execute(select(ledger.c.budget_line, ledger.c.received, ledger.c.paid, ledger.c.beneficiaries, ledger.c.reverses).where(ledger.c.removed_at.is_(None), ledger.c.budget_line.is_not(None))):
        found = sums.setdefault(row.budget_line, [Decimal(0), Decimal(0), 0])
        if row.reverses:  # a reversal takes away on the side where the booking stood
            found[1] -= row.received or Decimal(0)
            found[0] -= row.paid or Decimal(0)
            found[2] -= row.beneficiaries or 0
        else:
            found[0] += row.received or Decimal(0)
            found[1] += row.paid or Decimal(0)
            found[2] += row.beneficiaries or 0
    query = select(lines).where(lines.c.removed_at.is_(None)).order_by(lines.c.year, lines.c.rowno)
    return [
        Balance(r["id"], r["year"], r["name"], r["programme"], r["amount"], *sums.get(r["id"], (Decimal(0), Decimal(0), 0)))
        for r in connection.execute(query if year is None else query.where(lines.c.year == year)).mappings()
    ]


def check(connection: Connection, values: Mapping[str, Any], *, booked: bool = False, standing: Mapping[str, Balance] | None = None) -> list[Problem]:
    """What the budget line forbids: another use than its own, more than it holds. `booked`: the booking is in the ledger already."""
    if not values.get("budget_line"):
        return []
    lines = table_of(BudgetLine)
    line = connection.execute(select(lines).where(lines.c.id == values["budget_line"])).mappings().one()
    if line["removed_at"] is not None:
        return [] if values.get("reverses") else [Problem("line-gone", f"预算“{line['name']}”已经删除了，请另选一行。", "budget_line")]
    found = []
    if line["earmark"] == TRAINING_ONLY and values.get("paid") and values.get("programme") != TRAINING:
        found.append(Problem("earmark", f"“{line['name']}”是专款，{TRAINING_ONLY}，不能记到“{values.get('programme') or '别的项目'}”。", "budget_line"))
    balance = standing[line["id"]] if standing is not None else next(b for b in balances(connection) if b.line == line["id"])
    left = balance.left + (values["paid"] if booked and values.get("paid") else Decimal(0))
    if values.get("paid") and not values.get("reverses") and values["paid"] > left:
        found.append(Problem("over-budget", f"“{line['name']}”的预算还剩 {left:,.2f} 元，这一笔 {values['paid']:,.2f} 元超了。", "paid"))
    return found


def doubts(connection: Connection, values: Mapping[str, Any]) -> list[Problem]:
    """What asks for a look: a booking of another year than its budget line's, and one that is held to no budget at all."""
    lines, booked = table_of(BudgetLine), values.get("booked_on")
    if not values.get("budget_line"):
        there = connection.execute(select(lines.c.id).where(lines.c.programme == values.get("programme"), lines.c.removed_at.is_(None))).first()
        return [warning("no-line", f"“{values.get('programme')}”有预算，这一笔没有选预算项目，不会算进余额。", "budget_line")] if there and values.get("paid") else []
    year = connection.execute(select(lines.c.year).where(lines.c.id == values["budget_line"])).scalar()
    return [warning("other-year", f"预算是 {year} 年的，这一笔记在 {booked.year} 年，请看一眼。", "booked_on")] if year and isinstance(booked, PartialDate) and booked.year != year else []


def verify_line(connection: Connection, line: Mapping[str, Any], standing: Balance | None) -> list[Problem]:
    """A budget line cannot fall below what was spent on it, nor be earmarked over another use that stands."""
    if standing is None:
        return []
    found = [Problem("below-spent", f"“{line['name']}”已经支出 {standing.paid:,.2f} 元，预算不能比它少。", "amount")] if (line["amount"] or Decimal(0)) < standing.paid else []
    ledger = table_of(LedgerEntry)
    reversed_ = select(ledger.c.reverses).where(ledger.c.reverses.is_not(None), ledger.c.removed_at.is_(None))
    other = select(func.count()).where(ledger.c.budget_line == line["id"], ledger.c.paid.is_not(None), ledger.c.programme != TRAINING, ledger.c.removed_at.is_(None), ledger.c.reverses.is_(None), ledger.c.id.not_in(reversed_))
    if line["earmark"] == TRAINING_ONLY and (count := connection.execute(other).scalar_one()):
        found.append(Problem("earmark", f"“{line['name']}”上已经有 {count} 笔不是职工培训的支出，不能改成{TRAINING_ONLY}。请先冲销它们。", "earmark"))
    return found


def verify(act: Act) -> None:
    """Whatever way bookings came (typed, pasted, read in): Invalid, and nothing is written, where one breaks its budget line or is no true reversal."""
    ledger = table_of(LedgerEntry)
    rows = act.connection.execute(select(ledger).where(ledger.c.id.in_(act.booked), ledger.c.removed_at.is_(None))).mappings().all() if act.booked else ()
    standing = {b.line: b for b in balances(act.connection)} if any(r["budget_line"] for r in rows) else {}
    for row in rows:
        problems = _mirror(act.connection, dict(row)) if row["reverses"] else []
        if row["budget_line"]:
            problems += check(act.connection, dict(row), booked=True, standing=standing)
        if problems:
            raise Invalid(problems)


def _mirror(connection: Connection, row: Mapping[str, Any]) -> list[Problem]:
    """A reversal is the same amount of the same line and claim on the other side, of a booking that was not booked back before."""
    ledger = table_of(LedgerEntry)
    first = connection.execute(select(ledger).where(ledger.c.id == row["reverses"])).mappings().first()
    again = connection.execute(select(ledger.c.id).where(ledger.c.reverses == row["reverses"], ledger.c.id != row["id"], ledger.c.removed_at.is_(None))).first()
    if first is None or first["reverses"] or again:
        return [Problem("not-reversible", "冲销的那一笔不在了，或者已经冲销过。请用“冲销…”。", "reverses")]
    if (row["received"] or 0, row["paid"] or 0) != (first["paid"] or 0, first["received"] or 0) or (row["budget_line"], row["claim"]) != (first["budget_line"], first["claim"]):
        return [Problem("not-a-mirror", "冲销要和原来那一笔金额、预算项目、申请都一样，收支相反。请用“冲销…”，不要手工填。", "reverses")]
    return []


def paid_once(act: Act) -> None:
    """However bookings come or go, a claim is never paid more than was approved, nor before it is approved.

    Only the claims of this act's bookings are asked about. UserError, and nothing is done, where it would be.
    """
    ledger, claims = table_of(LedgerEntry), table_of(SubsidyApplication)
    touched = set(act.booked) | act.touched.get(LedgerEntry.__tablename__, set())
    wanted = {row.claim for row in act.connection.execute(select(ledger.c.claim).where(ledger.c.id.in_(touched), ledger.c.claim.is_not(None)))}
    for claim in wanted:
        paid = _payments(act.connection, claim)
        if not paid:
            continue
        row = act.connection.execute(select(claims).where(claims.c.id == claim)).mappings().first()
        name = (row["form_no"] or "这份申请") if row is not None else "这份申请"
        if row is None or row["state"] not in PAYABLE or row["approved_amount"] is None:
            raise UserError(f"{name}还没有批准，不能记发放。")
        if sum(p.amount for p in paid) > row["approved_amount"]:
            raise UserError(f"这样一来{name}会多发一笔，没有做。请先冲销其中一笔。")


@dataclass(frozen=True)
class _Paid:
    """A payment that stands: its amount, and which part it was, from 0."""

    amount: Decimal
    part: int | None


def _payments(connection: Connection, claim: str) -> list[_Paid]:
    """The payments of a claim that stand: those that were booked back are left out, and what was received for it is none."""
    ledger = table_of(LedgerEntry)
    rows = connection.execute(select(ledger.c.id, ledger.c.reverses, ledger.c.paid, ledger.c.part).where(ledger.c.claim == claim, ledger.c.removed_at.is_(None)).order_by(ledger.c.rowno)).all()
    taken_back = {r.reverses for r in rows if r.reverses}
    return [_Paid(r.paid, r.part - 1 if r.part else None) for r in rows if r.reverses is None and r.id not in taken_back and r.paid]


def part_words(parts: Sequence[int], number: int) -> str:
    """首款 60%, 第 2 笔 1/3, 尾款 20%; nothing where it is paid at once."""
    if len(parts) == 1:
        return ""
    name = "首款" if number == 0 else "尾款" if number + 1 == len(parts) else f"第 {number + 1} 笔"
    return f"{name} {parts[number]}%" if sum(parts) == 100 else f"{name} {Fraction(parts[number], sum(parts))}"


def _parts(connection: Connection, policy: str | None) -> tuple[int, ...]:
    named = policy_named(connection, policy) if policy else None
    return named.parts if named is not None else (100,)


@dataclass(frozen=True)
class Due:
    """The next payment of a claim: which of how many, and how much."""

    number: int
    parts: tuple[int, ...]
    amount: Decimal

    @property
    def words(self) -> str:
        """Which part it is; nothing where it is paid at once."""
        return part_words(self.parts, self.number)

    @property
    def project_date(self) -> str | None:
        """The project's field that says when this part came; None for what is paid at once, and for a part in between."""
        return _project_date(self.parts, self.number)


def next_payment(connection: Connection, claim: str) -> Due:
    """What is to be paid next on an approved claim: the first part that does not stand, or what is left. UserError before it is approved, or when all of it was paid."""
    claims = table_of(SubsidyApplication)
    row = connection.execute(select(claims).where(claims.c.id == claim)).mappings().first()
    if row is None or row["removed_at"] is not None:
        raise UserError("这份申请已经删除了，不能记发放。")
    if row["state"] not in PAYABLE or row["approved_amount"] is None:
        raise UserError("这份申请还没有批准，不能记发放。")
    parts = _parts(connection, row["policy"])
    paid = _payments(connection, claim)
    left = row["approved_amount"] - sum((p.amount for p in paid), Decimal(0))
    if left <= 0:
        raise UserError("这份申请已经记过发放了。")
    there = {p.part if p.part is not None else n for n, p in enumerate(paid)}
    number = next((n for n in range(len(parts)) if n not in there), len(parts) - 1)
    others = [n for n in range(len(parts)) if n != number and n not in there]
    amount = min((row["approved_amount"] * parts[number] / sum(parts)).quantize(Decimal("0.01")), left) if others else left
    return Due(number, parts, amount)


def book(office: Office, values: Mapping[str, Any]) -> str:
    """Book one line; Invalid where the record or its budget line forbids it."""
    with office.act(ActKind.EDIT, f"记账：{values.get('summary') or ''}") as act:
        return book_in(act, values)


def book_in(act: Act, values: Mapping[str, Any]) -> str:
    return act.create(LedgerEntry, values)


def why_not_reversed(connection: Connection, entry: str) -> str:
    """Why a line cannot be booked back, in a sentence; empty where it can."""
    ledger = table_of(LedgerEntry)
    row = connection.execute(select(ledger.c.reverses).where(ledger.c.id == entry)).first()
    if row is None or row.reverses or connection.execute(select(ledger.c.id).where(ledger.c.reverses == entry, ledger.c.removed_at.is_(None))).first():
        return "这一笔已经冲销过，或者它本身就是冲销。"
    return ""


def reverse(office: Office, entry: str, why: str) -> str:
    """Book a line back: the same amount on the other side, with the reason. UserError where it was booked back before."""
    if not why.strip():
        raise UserError("冲销要写原因。")
    with office.act(ActKind.EDIT, "冲销") as act:
        row = act.current(LedgerEntry, entry)
        if said := why_not_reversed(act.connection, entry):
            raise UserError(said)
        act.title = f"冲销：{row['summary']}"
        keep = {name: row[name] for name in ("programme", "budget_line", "source", "part", "beneficiaries", "claim")}
        today = PartialDate.of(office.clock().astimezone().date())
        if row["claim"] and row["paid"]:
            _project_follows(act, row)
        return act.create(LedgerEntry, {**keep, "booked_on": today, "summary": f"冲销：{row['summary']}（{why.strip()}）"[:200], "received": row["paid"], "paid": row["received"], "reverses": entry, "handler": row["handler"]})


def _project_date(parts: Sequence[int], number: int) -> str | None:
    return {0: "first_paid_on", len(parts) - 1: "rest_paid_on"}.get(number) if len(parts) > 1 else None


def _project_follows(act: Act, row: Mapping[str, Any]) -> None:
    """A part that is taken back was not paid: the project's date goes too."""
    claims = table_of(SubsidyApplication)
    claim = act.connection.execute(select(claims.c.project, claims.c.policy).where(claims.c.id == row["claim"])).first()
    if claim is None or not claim.project:
        return
    parts = _parts(act.connection, claim.policy)
    date = _project_date(parts, row["part"] - 1) if row["part"] else None
    if date is not None and act.current(Project, claim.project)["removed_at"] is None:
        act.change(Project, claim.project, {date: None}, checked=True)


def _source_of(connection: Connection, budget_line: str | None) -> str:
    """Where a payment's money comes from: as its budget line says, else from the district."""
    lines = table_of(BudgetLine)
    found = connection.execute(select(lines.c.source).where(lines.c.id == budget_line)).scalar() if budget_line else None
    return found or "区总工会拨款"


def pay_claim(office: Office, claim: str, *, budget_line: str | None = None, voucher_no: str = "", handler: str = "") -> str:
    """Book the next payment of an approved claim: all that was approved, or the part that is due by its policy. UserError before it is approved, or when all is paid."""
    with office.act(ActKind.EDIT, "发放补贴") as act:
        row = act.current(SubsidyApplication, claim)
        due = next_payment(act.connection, claim)
        today = PartialDate.of(office.clock().astimezone().date())
        if row["project"] and due.project_date and act.current(Project, row["project"])["removed_at"] is None:
            act.change(Project, row["project"], {due.project_date: today}, checked=True)
        who = act.current(Member, row["member"])["full_name"] if row["member"] else ""
        act.title = f"发放{row['kind'] or '补贴'}：{who or row['form_no']}"
        return book_in(
            act,
            {
                "booked_on": today, "voucher_no": voucher_no or None, "programme": _OF_CLAIM.get(row["kind"] or "", "技能补贴"), "budget_line": budget_line,
                "source": _source_of(act.connection, budget_line), "part": due.number + 1 if len(due.parts) > 1 else None, "summary": " ".join(part for part in (row["kind"] or "补贴", row["form_no"], due.words) if part), "paid": due.amount, "beneficiaries": None if _payments(act.connection, claim) else 1, "handler": handler or office.user.name, "claim": claim,
            },
        )
