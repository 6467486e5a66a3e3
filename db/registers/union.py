"""The office's own union and the employer it belongs to (工会组织信息采集表, domain 1.3)."""

from typing import ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import DATE, IDENTIFIER, LANDLINE, PEOPLE, TEXT, UNION_USCC, USCC, Pii, code, field
from db.record import Record


class Union(Record):
    __tablename__ = "grassroots_union"
    label: ClassVar[str] = "本工会"
    counter: ClassVar[str] = "个"
    icon: ClassVar[str] = "building-2"
    only_one: ClassVar[bool] = True

    name: Mapped[str | None] = field("工会名称", TEXT, pii=Pii.NONE, required=True, aliases=("基层工会名称",), hint="与公章一致的全称")
    uscc: Mapped[str | None] = field("工会统一社会信用代码", UNION_USCC, pii=Pii.NONE, required=True, hint="工会自己的代码，以 81 开头", aliases=("工会法人和其他组织统一社会信用代码",))
    stat_code: Mapped[str | None] = field("统计编码", IDENTIFIER, pii=Pii.NONE, hint="工会统计调查表封面的 901 项")
    upper_union: Mapped[str | None] = field("上级工会", code("upper_union"), pii=Pii.NONE, required=True, aliases=("上级工会名称",))
    area_code: Mapped[str | None] = field("行政区划代码", IDENTIFIER, pii=Pii.NONE, hint="调查表封面的 903 项；朝阳区 110105")
    organisation_form: Mapped[str | None] = field("组织类型", code("organisation_form"), pii=Pii.NONE, hint="调查表封面的 904 项")
    union_kind: Mapped[str | None] = field("基层工会类型", code("union_kind"), pii=Pii.NONE)
    founded_on: Mapped[PartialDate | None] = field("建会日期", DATE, pii=Pii.NONE)
    chair: Mapped[str | None] = field("工会主席", TEXT, pii=Pii.PERSONAL, aliases=("工会负责人",))
    contact: Mapped[str | None] = field("联系人", TEXT, pii=Pii.PERSONAL)
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)
    employer_name: Mapped[str | None] = field("所在单位", TEXT, pii=Pii.NONE, aliases=("单位名称",))
    employer_uscc: Mapped[str | None] = field("单位统一社会信用代码", USCC, pii=Pii.NONE, aliases=("单位法人和其他组织统一社会信用代码",))
    address: Mapped[str | None] = field("单位地址", TEXT, pii=Pii.NONE)
    unit_nature: Mapped[str | None] = field("单位性质类别", code("unit_nature"), pii=Pii.NONE)
    economic_kind: Mapped[str | None] = field("经济类型", code("economic_kind"), pii=Pii.NONE)
    industry: Mapped[str | None] = field("单位所属行业", code("organisation_industry"), pii=Pii.NONE)
    district: Mapped[str | None] = field("单位所在政区", TEXT, pii=Pii.NONE, hint="朝阳区")
    employee_count: Mapped[int | None] = field("职工人数", PEOPLE, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.name or self.label
