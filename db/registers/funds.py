"""Funds (经费): budget lines, grants received, and the ledger that is only ever booked, never edited (domain 4l)."""

from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import AMOUNT, DATE, LONG_TEXT, PEOPLE, TEXT, WHOLE, Pii, code, field, reference
from db.kinds import YEAR
from db.problems import Problem
from db.record import Record


class BudgetLine(Record):
    __tablename__ = "budget_line"
    label: ClassVar[str] = "预算"
    counter: ClassVar[str] = "行"
    icon: ClassVar[str] = "table-2"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("year", "name"),)
    called: ClassVar[tuple[str, ...]] = ("name", "year")

    year: Mapped[int | None] = field("年度", YEAR, pii=Pii.NONE, required=True)
    programme: Mapped[str | None] = field("项目类别", code("fund_programme"), pii=Pii.NONE, required=True)
    name: Mapped[str | None] = field("预算项目", TEXT, pii=Pii.NONE, required=True)
    source: Mapped[str | None] = field("资金来源", code("fund_source"), pii=Pii.NONE)
    amount: Mapped[Decimal | None] = field("预算金额", AMOUNT, pii=Pii.NONE, required=True)
    earmark: Mapped[str | None] = field("专款用途", code("fund_earmark"), pii=Pii.NONE)
    document_no: Mapped[str | None] = field("下达文号", TEXT, pii=Pii.NONE)
    explanation: Mapped[str | None] = field("差异说明", LONG_TEXT, pii=Pii.NONE)
    effect: Mapped[str | None] = field("使用效果", LONG_TEXT, pii=Pii.NONE)
    balance_use: Mapped[str | None] = field("结余处理", TEXT, pii=Pii.NONE)


class LedgerEntry(Record):
    """One booking. What is wrong is booked back by another, so that a balance can always be explained."""

    __tablename__ = "ledger_entry"
    label: ClassVar[str] = "经费台账"
    counter: ClassVar[str] = "笔"
    icon: ClassVar[str] = "banknote"
    called: ClassVar[tuple[str, ...]] = ("summary",)
    booked: ClassVar[tuple[str, ...]] = ("booked_on", "programme", "budget_line", "source", "received", "paid", "part", "claim", "reverses")

    booked_on: Mapped[PartialDate | None] = field("日期", DATE, pii=Pii.NONE, required=True)
    voucher_no: Mapped[str | None] = field("凭证号", TEXT, pii=Pii.NONE)
    programme: Mapped[str | None] = field("项目类别", code("fund_programme"), pii=Pii.NONE, required=True)
    budget_line: Mapped[str | None] = field("预算项目", reference("budget_line"), pii=Pii.NONE)
    source: Mapped[str | None] = field("资金来源", code("fund_source"), pii=Pii.NONE)
    summary: Mapped[str | None] = field("摘要", TEXT, pii=Pii.NONE, required=True)
    received: Mapped[Decimal | None] = field("收入", AMOUNT, pii=Pii.NONE)
    paid: Mapped[Decimal | None] = field("支出", AMOUNT, pii=Pii.NONE)
    part: Mapped[int | None] = field("第几次拨付", WHOLE, pii=Pii.NONE, hint="分次给的助推写第几次，一次给完就空着")
    beneficiaries: Mapped[int | None] = field("受益人数", PEOPLE, pii=Pii.NONE)
    handler: Mapped[str | None] = field("经办", TEXT, pii=Pii.PERSONAL)
    approver: Mapped[str | None] = field("审批", TEXT, pii=Pii.PERSONAL)
    attachments: Mapped[int | None] = field("附件张数", WHOLE, pii=Pii.NONE)
    claim: Mapped[str | None] = field("补贴申请", reference("subsidy_application"), pii=Pii.PERSONAL)
    reverses: Mapped[str | None] = field("冲销哪一笔", reference("ledger_entry"), pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        got, paid = values.get("received"), values.get("paid")
        if (got or 0) < 0 or (paid or 0) < 0:
            return [Problem("negative", "金额不能是负数；记错了请冲销。", "paid" if (paid or 0) < 0 else "received")]
        if bool(got) == bool(paid):
            return [Problem("one-side", "收入和支出要填一个，只填一个。", "paid")]
        return []
