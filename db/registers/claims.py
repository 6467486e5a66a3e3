"""What is claimed from above (补贴、助推): one register for every programme, each kind with the basis it rests on (domain 4a, 4f, 5.3)."""

from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import ACCOUNT, AMOUNT, DATE, IDENTIFIER, LONG_TEXT, NAME, TEXT, WHOLE, YES_NO, Pii, code, field, reference
from db.problems import Problem
from db.record import Record
from db.rules import dates_in_order

SKILL = "技能提升补贴"
CAREER = "职业发展助推"
COLLEGE = "农民工大学生助推"
PATENT_AID = "专利助推"
TRAINING_UNIT = "培训单位补贴"
STUDIO_AID = "创新工作室助推"
PROJECT_AID = "创新项目助推"

BASES = {SKILL: ("certificate",), CAREER: ("certificate", "entry"), COLLEGE: (), PATENT_AID: ("patent",), TRAINING_UNIT: ("training",), STUDIO_AID: ("studio",), PROJECT_AID: ("project",)}
"""The kinds of claim and the fields of which one is the basis; a claim of a kind without any rests on the person."""


class SubsidyApplication(Record):
    __tablename__ = "subsidy_application"
    label: ClassVar[str] = "补贴申请"
    with_member: ClassVar[bool] = True
    counter: ClassVar[str] = "份"
    icon: ClassVar[str] = "banknote"

    kind: Mapped[str | None] = field("申请项目", code("claim_kind"), pii=Pii.NONE)
    member: Mapped[str | None] = field("申请人", reference("member"), pii=Pii.PERSONAL)
    certificate: Mapped[str | None] = field("所凭证书", reference("certificate"), pii=Pii.PERSONAL)
    entry: Mapped[str | None] = field("所凭竞赛", reference("entry"), pii=Pii.PERSONAL)
    patent: Mapped[str | None] = field("所凭专利", reference("patent"), pii=Pii.PERSONAL)
    training: Mapped[str | None] = field("培训班", reference("training"), pii=Pii.NONE)
    studio: Mapped[str | None] = field("工作室", reference("innovation_studio"), pii=Pii.NONE)
    project: Mapped[str | None] = field("创新项目", reference("innovation_project"), pii=Pii.NONE)
    policy: Mapped[str | None] = field("依据政策", IDENTIFIER, pii=Pii.NONE)
    applied_on: Mapped[PartialDate | None] = field("申请日期", DATE, pii=Pii.NONE, required=True)
    amount: Mapped[Decimal | None] = field("申请金额", AMOUNT, pii=Pii.PERSONAL)
    training_body: Mapped[str | None] = field("培训机构", TEXT, pii=Pii.NONE)
    class_hours: Mapped[int | None] = field("培训学时", WHOLE, pii=Pii.NONE)
    trained_from: Mapped[PartialDate | None] = field("培训起", DATE, pii=Pii.NONE)
    trained_to: Mapped[PartialDate | None] = field("培训止", DATE, pii=Pii.NONE)
    training_fee: Mapped[Decimal | None] = field("培训费用", AMOUNT, pii=Pii.PERSONAL)
    invoice_no: Mapped[str | None] = field("票据号", TEXT, pii=Pii.NONE)
    insured_months: Mapped[int | None] = field("失业保险缴费月数", WHOLE, pii=Pii.PERSONAL)
    school: Mapped[str | None] = field("报考院校", TEXT, pii=Pii.PERSONAL)
    major: Mapped[str | None] = field("专业和层次", TEXT, pii=Pii.PERSONAL)
    graduated_from: Mapped[str | None] = field("毕业学校", TEXT, pii=Pii.PERSONAL)
    contract_from: Mapped[PartialDate | None] = field("合同起", DATE, pii=Pii.PERSONAL)
    contract_to: Mapped[PartialDate | None] = field("合同止", DATE, pii=Pii.PERSONAL)
    bank_name: Mapped[str | None] = field("开户行", TEXT, pii=Pii.PERSONAL)
    account_name: Mapped[str | None] = field("户名", NAME, pii=Pii.PERSONAL)
    account_no: Mapped[str | None] = field("账号", ACCOUNT, pii=Pii.SENSITIVE)
    has_other_claim: Mapped[bool | None] = field("已享受同一证书其他补贴", YES_NO, pii=Pii.PERSONAL)
    state: Mapped[str | None] = field("状态", code("application_state"), pii=Pii.NONE)
    form_no: Mapped[str | None] = field("表格编号", IDENTIFIER, pii=Pii.NONE)
    approved_amount: Mapped[Decimal | None] = field("核定金额", AMOUNT, pii=Pii.PERSONAL, decided_above=True)
    decision: Mapped[str | None] = field("区级意见", LONG_TEXT, pii=Pii.PERSONAL, decided_above=True)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.form_no or "补贴申请"

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """What a kind rests on must be named; one without a kind is of the first, which there was before the others."""
        kind = values.get("kind") or SKILL
        bases = BASES.get(kind, ())
        found = dates_in_order(values, "contract_from", "contract_to", "合同止早于合同起，请核对。")
        if bases and not any(values.get(name) for name in bases):
            found.append(Problem("basis-missing", f"“{kind}”要选{_NAMES[bases[0]]}。", bases[0]))
        if kind in (SKILL, CAREER, COLLEGE, PATENT_AID) and not values.get("member"):
            found.append(Problem("wanted", "“申请人”还没有填。", "member"))
        return found


_NAMES = {"certificate": "所凭证书", "patent": "所凭专利", "training": "培训班", "studio": "工作室", "project": "创新项目"}
