"""Certificates (职业资格、职业技能等级等) and what is claimed for them (domain 2.10 to 2.12, 4a)."""

import re
from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db import codes
from db.dates import PartialDate
from db.fields import ACCOUNT, AMOUNT, DATE, IDENTIFIER, LONG_TEXT, NAME, TEXT, WHOLE, YES_NO, Pii, code, field, reference
from db.problems import Problem, warning
from db.record import Record

_NEW_NUMBER = re.compile(r"[YS]\d{21}")
_OLD_NUMBER = re.compile(r"\d{16}")


def level_in_number(number: str) -> str | None:
    """The level digit of a certificate number: place 16 of the 22, place 11 of the old 16 (职业技能鉴定编码规则)."""
    if _NEW_NUMBER.fullmatch(number):
        return number[15]
    if _OLD_NUMBER.fullmatch(number):
        return number[10]
    return None


class Certificate(Record):
    __tablename__ = "certificate"
    label: ClassVar[str] = "证书"
    counter: ClassVar[str] = "本"
    icon: ClassVar[str] = "award"

    member: Mapped[str | None] = field("持证人", reference("member"), pii=Pii.PERSONAL, required=True)
    kind: Mapped[str | None] = field("证书种类", code("certificate_kind"), pii=Pii.NONE)
    occupation: Mapped[str | None] = field("职业（工种）", TEXT, pii=Pii.PERSONAL, aliases=("职业", "工种"))
    skill_level: Mapped[str | None] = field("等级", code("skill_level"), pii=Pii.PERSONAL, aliases=("技能等级",))
    certificate_no: Mapped[str | None] = field("证书编号", IDENTIFIER, pii=Pii.PERSONAL, index=True, aliases=("证书号", "证书号码", "资格证书编号", "职业资格证书编号"))
    issuing_body: Mapped[str | None] = field("发证机构", TEXT, pii=Pii.NONE)
    issued_on: Mapped[PartialDate | None] = field("发证日期", DATE, pii=Pii.PERSONAL)
    valid_to: Mapped[PartialDate | None] = field("有效期至", DATE, pii=Pii.PERSONAL)
    is_verified: Mapped[bool | None] = field("已联网核验", YES_NO, pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return " ".join(part for part in (self.occupation, self.skill_level, self.certificate_no) if part) or "证书"

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """Number against level and year; old and industry certificates differ, so these are warnings."""
        number, level, issued = values.get("certificate_no"), values.get("skill_level"), values.get("issued_on")
        found = []
        if issued and values.get("valid_to") and values["valid_to"].last_day() < issued.first_day():
            found.append(Problem("dates-reversed", "有效期至早于发证日期，请核对。", "valid_to"))
        if number and (digit := level_in_number(number)) and level:
            declared = codes.table("skill_level").code_of(level)
            if declared and digit in "12345" and digit != declared:
                found.append(warning("certificate-level-mismatch", "证书编号里的等级与填写的等级不一致，请对照证书看一眼。", "certificate_no"))
        if number and issued and _NEW_NUMBER.fullmatch(number) and int(number[13:15]) != issued.year % 100:
            found.append(warning("certificate-year-mismatch", "证书编号里的年份与发证日期不一致，请对照证书看一眼。", "certificate_no"))
        return found


class SubsidyApplication(Record):
    __tablename__ = "subsidy_application"
    label: ClassVar[str] = "补贴申请"
    counter: ClassVar[str] = "份"
    icon: ClassVar[str] = "banknote"

    member: Mapped[str | None] = field("申请人", reference("member"), pii=Pii.PERSONAL, required=True)
    certificate: Mapped[str | None] = field("所凭证书", reference("certificate"), pii=Pii.PERSONAL, required=True)
    policy: Mapped[str | None] = field("依据政策", IDENTIFIER, pii=Pii.NONE)
    applied_on: Mapped[PartialDate | None] = field("申请日期", DATE, pii=Pii.NONE, required=True)
    amount: Mapped[Decimal | None] = field("申请金额", AMOUNT, pii=Pii.PERSONAL)
    training_body: Mapped[str | None] = field("培训机构", TEXT, pii=Pii.NONE)
    class_hours: Mapped[int | None] = field("培训学时", WHOLE, pii=Pii.NONE)
    training_fee: Mapped[Decimal | None] = field("培训费用", AMOUNT, pii=Pii.PERSONAL)
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
