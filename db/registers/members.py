"""Members (会员). Columns of 工会会员信息采集表 (总工办发〔2017〕14号) and what an office keeps besides (domain 1.1)."""

from collections.abc import Mapping as Values
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db import identity
from db.dates import PartialDate
from db.fields import DATE, ID_NUMBER, IDENTIFIER, LANDLINE, LONG_TEXT, MOBILE, NAME, TEXT, YES_NO, Pii, code, field
from db.problems import Problem, warning
from db.record import Record
from db.registers.membership import LEFT
from db.search import number_tokens, person_tokens

RETIRED = frozenset({"退休", "退职"})
"""Employment states that keep the membership but leave today's lists (domain 5.5)."""


class Member(Record):
    __tablename__ = "member"
    label: ClassVar[str] = "会员"
    counter: ClassVar[str] = "人"
    icon: ClassVar[str] = "users"

    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.PERSONAL, required=True, index=True, aliases=("会员姓名", "职工姓名", "名字", "人员姓名", "中文姓名", "Name", "姓名/Name"))
    gender: Mapped[str | None] = field("性别", code("gender"), pii=Pii.PERSONAL, aliases=("姓别", "Gender", "Sex"))
    id_number: Mapped[str | None] = field(
        "身份证号", ID_NUMBER, pii=Pii.SENSITIVE, index=True, hint="18 位；港澳台、外国人填有效证件号码",
        aliases=("身份证号码", "身份证", "公民身份号码", "公民身份证号码", "证件号码", "有效证件号码", "证件号", "居民身份证号", "居民身份证号码", "身份证件号码", "身份证件号", "身份号码", "ID No.", "ID number"),
    )
    id_type: Mapped[str | None] = field("证件类别", code("id_type"), pii=Pii.PERSONAL, aliases=("有效证件类别", "证件类型", "有效证件类型"))
    birth_date: Mapped[PartialDate | None] = field("出生日期", DATE, pii=Pii.PERSONAL, aliases=("出生年月", "出生年月日", "生日", "出生"))
    ethnicity: Mapped[str | None] = field("民族", code("ethnicity"), pii=Pii.PERSONAL)
    education: Mapped[str | None] = field("学历", code("education"), pii=Pii.PERSONAL, aliases=("文化程度", "学历层次", "最高学历", "学历程度", "学历学位", "第一学历"))
    political_status: Mapped[str | None] = field("政治面貌", code("political_status"), pii=Pii.PERSONAL, aliases=("政治身份", "党派"))
    name_note: Mapped[str | None] = field("姓名用字说明", TEXT, pii=Pii.PERSONAL, hint="打不出的字怎么写：王+乐", aliases=("姓名备注", "生僻字说明"))
    id_valid_to: Mapped[str | None] = field("证件有效期至", TEXT, pii=Pii.PERSONAL, hint="日期，或“长期”", aliases=("身份证有效期", "证件有效期", "身份证有效期至"))
    mobile: Mapped[str | None] = field(
        "手机", MOBILE, pii=Pii.PERSONAL, index=True,
        aliases=("移动电话", "手机号", "手机号码", "联系电话", "联系方式", "电话", "本人电话", "联系手机", "电话号码", "本人联系电话", "移动电话号码", "手机电话", "Mobile"),
    )
    landline: Mapped[str | None] = field("固定电话", LANDLINE, pii=Pii.PERSONAL, aliases=("座机", "办公电话", "单位电话", "固话", "办公室电话", "单位座机"))
    department: Mapped[str | None] = field("部门", TEXT, pii=Pii.NONE, index=True, aliases=("所在部门", "所属部门", "科室", "车间", "班组", "工会小组", "部门名称", "所在科室", "工作部门", "所属车间", "所在车间", "所在班组", "所在工会小组", "分会", "分工会", "所在分会", "Department"))
    post: Mapped[str | None] = field("岗位", TEXT, pii=Pii.NONE, aliases=("工种/岗位", "工种", "岗位名称", "职务", "岗位职务", "职务/岗位", "职业", "岗位/工种"))
    employee_no: Mapped[str | None] = field("工号", IDENTIFIER, pii=Pii.PERSONAL, index=True, aliases=("编号", "员工编号", "职工编号", "员工号", "人员编号", "工作证号", "职工号", "员工工号", "职工工号"))
    member_card_no: Mapped[str | None] = field(
        "会员卡号", IDENTIFIER, pii=Pii.SENSITIVE, index=True, hint="京卡·互助服务卡", aliases=("会员证号", "京卡号", "互助服务卡号", "京卡·互助服务卡号", "会员证号码", "会员证编号", "工会会员证号", "会员编号"),
    )
    joined_on: Mapped[PartialDate | None] = field("入会日期", DATE, pii=Pii.PERSONAL, aliases=("入会时间", "入会年月", "加入工会时间", "加入工会日期", "参加工会时间", "参加工会日期"))
    employment_status: Mapped[str | None] = field("就业状况", code("employment_status"), pii=Pii.PERSONAL, aliases=("就业状态", "就业情况", "人员状态"))
    employment_form: Mapped[str | None] = field("用工形式", code("employment_form"), pii=Pii.PERSONAL, aliases=("用工性质", "用工类型", "用工方式"))
    skill_level: Mapped[str | None] = field("技能等级", code("skill_level"), pii=Pii.PERSONAL, aliases=("技术等级", "职业资格等级", "职业技能等级", "技能级别", "等级"))
    household_type: Mapped[str | None] = field("户籍类型", code("household_type"), pii=Pii.PERSONAL, aliases=("户口性质", "户口类型", "户籍性质", "户口类别", "户口"))
    household_place: Mapped[str | None] = field("户籍所在地", TEXT, pii=Pii.PERSONAL, aliases=("户口所在地", "户籍地", "户籍", "户籍地址"))
    native_place: Mapped[str | None] = field("籍贯", TEXT, pii=Pii.PERSONAL)
    is_migrant_worker: Mapped[bool | None] = field("是否农民工", YES_NO, pii=Pii.PERSONAL, aliases=("是否农民工会员", "农民工"))
    work_started_on: Mapped[PartialDate | None] = field("参加工作日期", DATE, pii=Pii.PERSONAL, aliases=("参加工作时间", "工作时间", "参加工作年月"))
    professional_title: Mapped[str | None] = field("职称", TEXT, pii=Pii.PERSONAL, aliases=("专业技术职务", "专业技术职称", "技术职称"))
    residence_place: Mapped[str | None] = field("现居住地", TEXT, pii=Pii.PERSONAL, aliases=("居住地", "现住址", "家庭住址", "现居住地址", "住址", "家庭地址", "通讯地址", "联系地址"))
    is_from_outside_beijing: Mapped[bool | None] = field("是否外地来京务工", YES_NO, pii=Pii.PERSONAL, aliases=("外地来京务工", "是否外地来京"))
    employer_name: Mapped[str | None] = field("工作单位", TEXT, pii=Pii.NONE, aliases=("单位", "单位名称", "所在单位", "所属单位", "用人单位"))
    membership_event: Mapped[str | None] = field("会籍变化类型", code("membership_event"), pii=Pii.PERSONAL, derived=True, aliases=("会籍变化", "会籍状态", "会员状态"))
    membership_event_date: Mapped[PartialDate | None] = field("会籍变化日期", DATE, pii=Pii.PERSONAL, derived=True, aliases=("会籍变化时间",))
    membership_event_reason: Mapped[str | None] = field("会籍变化原因", code("membership_event_reason"), pii=Pii.PERSONAL, derived=True)
    consent_on: Mapped[PartialDate | None] = field("同意日期", DATE, pii=Pii.PERSONAL, hint="本人书面同意使用个人信息的日期（个人信息保护法第 13、29 条）", aliases=("个人信息同意日期",))
    retain_until: Mapped[PartialDate | None] = field("保存到", DATE, pii=Pii.NONE, hint="过了这一天就该清除个人信息", aliases=("保存期限",))
    note: Mapped[str | None] = field("备注", LONG_TEXT, pii=Pii.PERSONAL, aliases=("说明",))

    @property
    def title(self) -> str:
        return self.full_name or "（没有姓名）"

    @property
    def has_left(self) -> bool:
        return self.membership_event in LEFT

    @property
    def is_current(self) -> bool:
        """Whether she belongs on today's lists: neither left nor retired."""
        return not self.has_left and self.employment_status not in RETIRED

    @classmethod
    def search_tokens(cls, values: Values[str, Any]) -> list[str]:
        tokens = person_tokens(values.get("full_name") or "")
        for name, whole_only in (("employee_no", False), ("mobile", False), ("id_number", False), ("member_card_no", False)):
            tokens += number_tokens(values.get(name) or "", tails=not whole_only)
        return tokens

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """The number settles birth date and gender; what contradicts it is named (GB 11643-1999)."""
        number = values.get("id_number")
        if not number:
            return []
        found = []
        if values.get("id_type") == "居民身份证" and (not identity.is_resident_style(number) or number[0] == "9" or number[:2] in ("81", "82", "83")):
            found.append(warning("id-type-mismatch", "证件类别填的是居民身份证，号码却像别的证件，请看一眼。", "id_type"))
        if not identity.is_resident_style(number):
            return found
        if values.get("gender") and values["gender"] != identity.gender_of(number):
            found.append(warning("gender-mismatch", f"性别填的是“{values['gender']}”，身份证号说是“{identity.gender_of(number)}”，请看一眼。", "gender"))
        born = identity.birth_of(number)
        if born and values.get("birth_date") and not values["birth_date"].agrees_with(PartialDate.of(born)):
            found.append(warning("birth-mismatch", f"出生日期填的是 {values['birth_date']}，身份证号说是 {born}，请看一眼。", "birth_date"))
        return found
