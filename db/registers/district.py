"""What the district's answers bring beside decisions: lecture plan, targets, policies, words for code tables, forms."""

from typing import ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.fields import JSON_TEXT, TEXT, Pii, field
from db.record import Record

ITEM_KINDS = {"lecture-plan": "讲座计划", "target": "年度指标", "policy": "补贴政策", "purpose": "报送用途", "code": "代码表", "form": "表格", "rule": "规则数值", "pledge": "承诺文字", "photo": "照片要求", "honour": "荣誉称号"}


class DistrictItem(Record):
    """One thing of a kind, called by its key; the district sends the whole set of a kind (app/sync/FORMAT.md, 11)."""

    __tablename__ = "district_item"
    __table_args__ = (Index("one_district_item", "kind", "key", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "区里下发"
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "inbox"

    kind: Mapped[str | None] = field("种类", TEXT, pii=Pii.NONE, required=True)
    key: Mapped[str | None] = field("名称", TEXT, pii=Pii.NONE, required=True)
    body: Mapped[str | None] = field("内容", JSON_TEXT, pii=Pii.NONE, required=True)

    @property
    def title(self) -> str:
        return f"{ITEM_KINDS.get(self.kind or '', '')} {self.key}"
