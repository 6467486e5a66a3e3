"""Certificates (职业资格、职业技能等级等) and their numbers (domain 2.10 to 2.12)."""

import re
from collections.abc import Mapping as Values
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db import codes
from db.dates import PartialDate
from db.fields import DATE, IDENTIFIER, TEXT, YES_NO, Pii, code, field, reference
from db.kinds import OCCUPATION
from db.problems import Problem, warning
from db.record import Record
from db.rules import dates_in_order

_NEW_NUMBER = re.compile(r"[YS]\d{21}")
_OLD_NUMBER = re.compile(r"\d{16}")
_SHANGHAI_NUMBER = re.compile(r"\d{13}")
_SPECIAL_NUMBER = re.compile(r"[A-Z]{2}\d{20}")
"""特级技师: two letters and twenty digits."""
LEVEL_DIGITS = "12345"
"""The lower digit is the higher skill."""
NUMBERED = ("职业技能等级证书", "职业资格证书")
"""The kinds whose numbers have a known form."""


def level_in_number(number: str) -> str | None:
    """The level digit of a certificate number: place 16 of the 22, place 11 of the old 16 (职业技能鉴定编码规则)."""
    if _NEW_NUMBER.fullmatch(number):
        return number[15]
    if _OLD_NUMBER.fullmatch(number):
        return number[10]
    return None


def year_in_number(number: str) -> int | None:
    """The two digits of the year: places 14 and 15 of the 22, the first two of the old 16."""
    if _NEW_NUMBER.fullmatch(number):
        return int(number[13:15])
    return int(number[:2]) if _OLD_NUMBER.fullmatch(number) else None


def has_known_form(number: str) -> bool:
    """Whether it is one of the published forms: 22, 16, Shanghai's 13, or the special technicians' two letters and twenty digits."""
    return any(form.fullmatch(number) for form in (_NEW_NUMBER, _OLD_NUMBER, _SHANGHAI_NUMBER, _SPECIAL_NUMBER))


class Certificate(Record):
    __tablename__ = "certificate"
    label: ClassVar[str] = "证书"
    counter: ClassVar[str] = "本"
    icon: ClassVar[str] = "award"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("certificate_no",), ("member", "occupation", "skill_level"))

    member: Mapped[str | None] = field("持证人", reference("member"), pii=Pii.PERSONAL, required=True)
    kind: Mapped[str | None] = field("证书种类", code("certificate_kind"), pii=Pii.NONE)
    occupation: Mapped[str | None] = field("职业（工种）", TEXT, pii=Pii.PERSONAL, aliases=("职业", "工种"))
    occupation_code: Mapped[str | None] = field("职业编码", OCCUPATION, pii=Pii.NONE)
    occupation_edition: Mapped[str | None] = field("大典版次", code("occupation_edition"), pii=Pii.NONE)
    skill_level: Mapped[str | None] = field("等级", code("skill_level"), pii=Pii.PERSONAL, aliases=("技能等级",))
    certificate_no: Mapped[str | None] = field("证书编号", IDENTIFIER, pii=Pii.PERSONAL, index=True, aliases=("证书号", "证书号码", "资格证书编号", "职业资格证书编号"))
    number_note: Mapped[str | None] = field("编号说明", TEXT, pii=Pii.NONE, hint="编号不是常见格式时写明原因：行业证书、老证、外省证")
    issuing_body: Mapped[str | None] = field("发证机构", TEXT, pii=Pii.NONE)
    issued_on: Mapped[PartialDate | None] = field("发证日期", DATE, pii=Pii.PERSONAL)
    valid_to: Mapped[PartialDate | None] = field("有效期至", DATE, pii=Pii.PERSONAL)
    is_verified: Mapped[bool | None] = field("已联网核验", YES_NO, pii=Pii.NONE)
    entry: Mapped[str | None] = field("竞赛取证", reference("entry"), pii=Pii.NONE)
    training: Mapped[str | None] = field("培训取证", reference("training"), pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return " ".join(part for part in (self.occupation, self.skill_level, self.certificate_no) if part) or "证书"

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """The number's form, then number against level and year. Old and industry certificates differ: their form wants a reason, the rest a look."""
        number, level, issued = values.get("certificate_no"), values.get("skill_level"), values.get("issued_on")
        found = dates_in_order(values, "issued_on", "valid_to", "有效期至早于发证日期，请核对。")
        if number and values.get("kind") in NUMBERED and not values.get("number_note") and not has_known_form(number):
            found.append(Problem("certificate-form", "证书编号不是常见格式（字母 Y 或 S 加 21 位数字，或 16 位数字）。请对照证书；确实是这样，就在“编号说明”里写明原因。", "certificate_no"))
        if number and (digit := level_in_number(number)) and level:
            declared = codes.table("skill_level").code_of(level)
            if declared and digit != declared:
                said = "证书编号里的等级与填写的等级不一致，请对照证书看一眼。" if digit in LEVEL_DIGITS else f"证书编号里表示等级的一位是 {digit}，没有这一级，请对照证书看一眼。"
                found.append(warning("certificate-level-mismatch", said, "certificate_no"))
        if number and _SPECIAL_NUMBER.fullmatch(number) and level and level not in ("特级技师", "首席技师"):
            found.append(warning("certificate-level-mismatch", "这样的编号是特级技师、首席技师证书的，与填写的等级不一致，请对照证书看一眼。", "certificate_no"))
        if number and _OLD_NUMBER.fullmatch(number) and values.get("kind") == "职业技能等级证书":
            found.append(warning("certificate-kind-mismatch", "16 位编号是职业资格证书的，职业技能等级证书是字母加 21 位数字，请对照证书看一眼。", "kind"))
        if number and issued and (year := year_in_number(number)) is not None and year != issued.year % 100:
            found.append(warning("certificate-year-mismatch", "证书编号里的年份与发证日期不一致，请对照证书看一眼。", "certificate_no"))
        return found
