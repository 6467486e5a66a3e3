"""Support for workers in hardship (困难职工) and for women (domain 4k). Health, income and family data: only for those whom the administrator let."""

from collections.abc import Mapping as Values
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import ACCOUNT, AMOUNT, DATE, ID_NUMBER, IDENTIFIER, LONG_TEXT, NAME, PEOPLE, TEXT, WHOLE, YES_NO, Pii, code, field, reference
from db.problems import Problem
from db.record import Record
from db.rules import dates_in_order


class HardshipCase(Record):
    __tablename__ = "hardship_case"
    label: ClassVar[str] = "困难职工"
    with_member: ClassVar[bool] = True
    counter: ClassVar[str] = "户"
    icon: ClassVar[str] = "file-user"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("member",),)
    guarded: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ("case_no",)

    member: Mapped[str | None] = field("职工", reference("member"), pii=Pii.SENSITIVE, required=True)
    case_no: Mapped[str | None] = field("职工编号", TEXT, pii=Pii.PERSONAL)
    marital_status: Mapped[str | None] = field("婚姻状况", code("marital_status"), pii=Pii.SENSITIVE)
    household_area: Mapped[str | None] = field("户口区划", TEXT, pii=Pii.PERSONAL)
    postcode: Mapped[str | None] = field("邮编", IDENTIFIER, pii=Pii.NONE)
    employer_state: Mapped[str | None] = field("企业状况", TEXT, pii=Pii.NONE, hint="正常、停产、破产等")
    contract_from: Mapped[PartialDate | None] = field("合同起", DATE, pii=Pii.PERSONAL)
    contract_to: Mapped[PartialDate | None] = field("合同止", DATE, pii=Pii.PERSONAL)
    category: Mapped[str | None] = field("困难类别", code("hardship_category"), pii=Pii.SENSITIVE)
    standard: Mapped[str | None] = field("建档标准", TEXT, pii=Pii.NONE)
    health: Mapped[str | None] = field("健康状况", code("health"), pii=Pii.SENSITIVE)
    disability: Mapped[str | None] = field("残疾类别", TEXT, pii=Pii.SENSITIVE)
    work_state: Mapped[str | None] = field("工作状态", code("hardship_work_state"), pii=Pii.PERSONAL)
    model_worker: Mapped[str | None] = field("劳模类型", code("model_worker_kind"), pii=Pii.PERSONAL)
    housing: Mapped[str | None] = field("住房类型", code("housing"), pii=Pii.SENSITIVE)
    housing_area: Mapped[int | None] = field("住房面积（㎡）", WHOLE, pii=Pii.SENSITIVE)
    single_parent: Mapped[bool | None] = field("单亲", YES_NO, pii=Pii.SENSITIVE)
    own_income: Mapped[Decimal | None] = field("本人月均收入", AMOUNT, pii=Pii.SENSITIVE)
    other_income: Mapped[Decimal | None] = field("家庭其他年收入", AMOUNT, pii=Pii.SENSITIVE)
    family_size: Mapped[int | None] = field("家庭人口", PEOPLE, pii=Pii.SENSITIVE)
    yearly_income: Mapped[Decimal | None] = field("家庭年总收入", AMOUNT, pii=Pii.SENSITIVE, derived=True)
    income_per_head: Mapped[Decimal | None] = field("家庭人均月收入", AMOUNT, pii=Pii.SENSITIVE, derived=True)
    medical_insurance: Mapped[str | None] = field("医保状况", TEXT, pii=Pii.SENSITIVE)
    zero_employment: Mapped[bool | None] = field("零就业家庭", YES_NO, pii=Pii.SENSITIVE)
    self_help: Mapped[str | None] = field("自救能力", TEXT, pii=Pii.SENSITIVE)
    cause: Mapped[str | None] = field("致困原因", LONG_TEXT, pii=Pii.SENSITIVE)
    opened_on: Mapped[PartialDate | None] = field("建档日期", DATE, pii=Pii.PERSONAL)
    closed_on: Mapped[PartialDate | None] = field("脱困日期", DATE, pii=Pii.PERSONAL)
    notice_from: Mapped[PartialDate | None] = field("公示开始", DATE, pii=Pii.NONE)
    notice_to: Mapped[PartialDate | None] = field("公示结束", DATE, pii=Pii.NONE)
    consent_on: Mapped[PartialDate | None] = field("本人同意日期", DATE, pii=Pii.NONE, required=True, hint="敏感个人信息要单独同意（个人信息保护法第二十九条）")
    state: Mapped[str | None] = field("状态", code("paper_state"), pii=Pii.NONE)

    @classmethod
    def derive(cls, values: Values[str, Any]) -> Values[str, Any]:
        """The family's yearly income, and of it a month and a head, to the fen."""
        own, other, people = values.get("own_income"), values.get("other_income"), values.get("family_size")
        total = (own or Decimal(0)) * 12 + (other or Decimal(0)) if own is not None or other is not None else None
        return {"yearly_income": total, "income_per_head": (total / 12 / people).quantize(Decimal("0.01"), ROUND_HALF_UP) if total is not None and people else None}

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        return dates_in_order(values, "opened_on", "closed_on", "脱困日期早于建档日期，请核对。") + dates_in_order(values, "contract_from", "contract_to", "合同止早于合同起，请核对。")


class FamilyMember(Record):
    __tablename__ = "family_member"
    label: ClassVar[str] = "家庭成员"
    counter: ClassVar[str] = "人"
    icon: ClassVar[str] = "users"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("hardship_case", "full_name"),)
    guarded: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ("full_name",)

    hardship_case: Mapped[str | None] = field("困难职工", reference("hardship_case"), pii=Pii.SENSITIVE, required=True)
    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.SENSITIVE, required=True)
    relation: Mapped[str | None] = field("关系", code("relation"), pii=Pii.SENSITIVE)
    gender: Mapped[str | None] = field("性别", code("gender"), pii=Pii.SENSITIVE)
    id_number: Mapped[str | None] = field("身份证号", ID_NUMBER, pii=Pii.SENSITIVE)
    birth_date: Mapped[PartialDate | None] = field("出生日期", DATE, pii=Pii.SENSITIVE)
    political_status: Mapped[str | None] = field("政治面貌", code("political_status"), pii=Pii.SENSITIVE)
    education: Mapped[str | None] = field("文化程度", code("education"), pii=Pii.SENSITIVE)
    health: Mapped[str | None] = field("健康状况", code("health"), pii=Pii.SENSITIVE)
    medical_insurance: Mapped[str | None] = field("医保", TEXT, pii=Pii.SENSITIVE)
    monthly_income: Mapped[Decimal | None] = field("月收入", AMOUNT, pii=Pii.SENSITIVE)
    identity: Mapped[str | None] = field("身份", TEXT, pii=Pii.SENSITIVE)
    unit: Mapped[str | None] = field("单位或学校", TEXT, pii=Pii.SENSITIVE)


class Assistance(Record):
    """Help that was given: 生活、医疗、助学."""

    __tablename__ = "assistance"
    label: ClassVar[str] = "帮扶记录"
    counter: ClassVar[str] = "次"
    icon: ClassVar[str] = "banknote"
    guarded: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ("kind",)

    hardship_case: Mapped[str | None] = field("困难职工", reference("hardship_case"), pii=Pii.SENSITIVE, required=True)
    family_member: Mapped[str | None] = field("帮扶对象", reference("family_member"), pii=Pii.SENSITIVE, hint="本人就空着；患病的家属、上学的子女在这里选")
    kind: Mapped[str | None] = field("帮扶类型", code("assistance_kind"), pii=Pii.SENSITIVE, required=True)
    given_on: Mapped[PartialDate | None] = field("日期", DATE, pii=Pii.SENSITIVE, required=True)
    applied_amount: Mapped[Decimal | None] = field("申请金额", AMOUNT, pii=Pii.SENSITIVE)
    amount: Mapped[Decimal | None] = field("金额", AMOUNT, pii=Pii.SENSITIVE)
    source: Mapped[str | None] = field("资金来源", code("fund_source"), pii=Pii.NONE)
    illness: Mapped[str | None] = field("病种", TEXT, pii=Pii.SENSITIVE)
    own_cost: Mapped[Decimal | None] = field("自付金额", AMOUNT, pii=Pii.SENSITIVE)
    hospital_stays: Mapped[int | None] = field("住院次数", WHOLE, pii=Pii.SENSITIVE)
    unit_relief: Mapped[Decimal | None] = field("单位救助", AMOUNT, pii=Pii.SENSITIVE)
    social_relief: Mapped[Decimal | None] = field("社会救助", AMOUNT, pii=Pii.SENSITIVE)
    school: Mapped[str | None] = field("院校和专业", TEXT, pii=Pii.SENSITIVE)
    grade: Mapped[str | None] = field("年级", TEXT, pii=Pii.SENSITIVE)
    schooling_years: Mapped[int | None] = field("学制（年）", WHOLE, pii=Pii.SENSITIVE)
    tuition: Mapped[Decimal | None] = field("学费", AMOUNT, pii=Pii.SENSITIVE)
    study_loan: Mapped[Decimal | None] = field("助学贷款", AMOUNT, pii=Pii.SENSITIVE)
    bank_name: Mapped[str | None] = field("开户行", TEXT, pii=Pii.SENSITIVE)
    account_name: Mapped[str | None] = field("户名", NAME, pii=Pii.SENSITIVE)
    account_no: Mapped[str | None] = field("账号", ACCOUNT, pii=Pii.SENSITIVE)
    note: Mapped[str | None] = field("说明", TEXT, pii=Pii.SENSITIVE)


class WomenActivity(Record):
    __tablename__ = "women_activity"
    label: ClassVar[str] = "女职工活动"
    counter: ClassVar[str] = "次"
    icon: ClassVar[str] = "calendar-days"
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("活动名称", TEXT, pii=Pii.NONE, required=True)
    kind: Mapped[str | None] = field("活动类型", code("women_activity"), pii=Pii.NONE)
    held_on: Mapped[PartialDate | None] = field("日期", DATE, pii=Pii.NONE, required=True)
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE)
    people: Mapped[int | None] = field("参加人数", PEOPLE, pii=Pii.NONE)
    cost: Mapped[Decimal | None] = field("经费", AMOUNT, pii=Pii.NONE)
    summary: Mapped[str | None] = field("小结", LONG_TEXT, pii=Pii.NONE)
