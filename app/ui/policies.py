"""The policies that hold, each with its source; the administrator may set others from a day on. What was judged before stays as it was."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFormLayout, QInputDialog, QLineEdit, QListWidget, QListWidgetItem, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.services import policies
from app.services.exchange import items
from app.services.office import Office
from app.ui.asking import sure
from app.ui.dialog import FramedDialog
from app.ui.policy_row import RowForm
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import button, label, row
from db import codes
from db.keyslots import Role
from db.problems import UserError
from db.record import fields_of
from db.registers import REGISTERS

SCOPES = {"national": "国家", "city": "市", "district": "区", "own": "本工会"}
KINDS = {"policy": "", "rule": "", "target": "年度目标：", "pledge": "承诺：", "photo": "照片：", "honour": "荣誉：", "code": "代码表："}
"""What is listed, in this order, and what stands before its title."""


class PoliciesDialog(FramedDialog):
    """A list of rows at the left, one row's values at the right."""

    enter_accepts = False

    def __init__(self, parent: QWidget, office: Office) -> None:
        super().__init__(parent, tr("政策和规则"), 940, 600)
        self.office = office
        self.box.addWidget(self.banner)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("政策"))
        self.list.setMinimumWidth(px(310))
        self.list.setMaximumWidth(px(380))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        right = QWidget()
        column = QVBoxLayout(right)
        self.rows = layout = QFormLayout()
        column.addLayout(layout)
        column.addStretch(1)
        self.origin = label("", "secondary", wrap=True)
        self.origin.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.valid_from, self.source = QLineEdit(), QLineEdit()
        self.source.setPlaceholderText(tr("文件名或文号；没有文件就写“本工会定”"))
        layout.addRow(tr("现在的依据"), self.origin)
        layout.addRow(tr("从哪天起"), self.valid_from)
        self.form = RowForm(layout)
        layout.addRow(tr("新的依据"), self.source)
        for words, part in ((tr("现在的依据"), self.origin), (tr("从哪天起"), self.valid_from), (tr("新的依据"), self.source)):
            part.setAccessibleName(words)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(right)
        self.box.addLayout(row(self.list, area, wide=area), 1)
        may = office.user.role is Role.ADMINISTRATOR
        self.ok = button(tr("从这天起用"), self.save, icon_name="save", primary=True)
        self.ok.setEnabled(may)
        self.away = button(tr("去掉这一条…"), self.drop, danger=True)
        self.share = button(tr("另加配套…"), self.add_share, icon_name="plus", tip=tr("区里或单位在这一条以外再给的"))
        self.box.addLayout(row(self.away, self.share, label("" if may else tr("只有管理员能改。"), "secondary"), None, button(tr("关闭"), self.reject), self.ok))
        self.list.currentRowChanged.connect(lambda _n: self._show())
        self.fill()
        self.list.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.list.setFocus()

    def fill(self) -> None:
        self.list.clear()
        with self.office.vault.engine.connect() as connection:
            self._all: list[tuple[str, dict[str, Any]]] = [(kind, r) for kind in KINDS for r in (_code_rows() if kind == "code" else items.rows_of(connection, kind))]
            self._own = {(kind, key) for kind in KINDS if kind != "code" for key in items.own_rows(connection, kind)}
        self._all.sort(key=lambda pair: (list(KINDS).index(pair[0]), _base(pair[1]), pair[1].get("valid_from", "")))
        for n, (kind, r) in enumerate(self._all):
            following = self._all[n + 1] if n + 1 < len(self._all) else None
            ended = following is not None and (following[0], _base(following[1])) == (kind, _base(r))
            proposed = tr("　拟") if "拟" in r["source"] else ""
            since = tr("{n} 个词").format(n=len(r["words"])) if kind == "code" else f"{r['valid_from']}{tr(' 起，后来改过') if ended else tr(' 起')}"
            item = QListWidgetItem(f"{tr(KINDS[kind])}{r['title']}\n{since}{proposed}")
            item.setData(Qt.ItemDataRole.UserRole, (kind, _base(r)))
            item.setToolTip(r["source"])
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def choose(self, kind: str, name: str) -> None:
        """The newest row of that name."""
        self.list.setCurrentRow(max(n for n, (k, r) in enumerate(self._all) if (k, _base(r)) == (kind, name)))

    def _show(self) -> None:
        if not 0 <= self.list.currentRow() < len(self._all):
            return
        kind, r = self._all[self.list.currentRow()]
        self.origin.setText(tr("{scope}　{source}").format(scope=SCOPES.get(r.get("scope", ""), ""), source=r["source"]).strip("　"))
        self.valid_from.setText(str(self.office.clock().astimezone().date()))
        self.form.show(kind, r)
        self.source.setText("")
        self.ok.setText(tr("加上这个词") if kind == "code" else tr("从这天起用"))
        self.away.setVisible(kind != "code" and (kind, items.key_of(kind, r)) in self._own and self.ok.isEnabled())
        self.share.setVisible(kind == "policy" and not r.get("adds") and self.ok.isEnabled())
        for part in (self.valid_from, self.source):
            self.rows.setRowVisible(part, kind != "code")
        self._loaded = self._typed()

    def _typed(self) -> tuple[str, ...]:
        return (*self.form.typed(), self.source.text())

    def reject(self) -> None:
        """What was typed is asked about."""
        if self._typed() == self._loaded or sure(self, tr("政策和规则"), tr("改动还没有保存，不要了吗？")):
            super().reject()

    _loaded: tuple[str, ...] = ()

    def save(self) -> None:
        kind, r = self._all[self.list.currentRow()]
        try:
            if kind == "code":
                items.keep_own(self.office, "code", {"table": r["id"], "title": r["title"], **self.form.changes()})
                self.fill()
                self.choose("code", r["id"])
                self.banner.say(tr("已加上，填表时就能选。"), "good")
                return
            if not self.source.text().strip():
                raise UserError(tr("请写新的依据：文件名或文号；没有文件就写“本工会定”。"))
            common = {"valid_from": self.valid_from.text().strip(), "source": self.source.text().strip()}
            if kind == "policy":
                policies.change(self.office, r["id"], **common, **self.form.changes())
            else:
                items.keep_own(self.office, kind, {**r, "scope": "own", **common, **self.form.changes()})
        except UserError as e:
            self.banner.say(str(e))
            return
        key = (kind, _base(r))
        self.fill()
        self.list.setCurrentRow(max((n for n, (k, one) in enumerate(self._all) if (k, _base(one)) == key and one["source"] == common["source"]), default=0))
        self.banner.say(tr("从 {day} 起用新的；以前的申请仍按当时的政策。").format(day=common["valid_from"]), "good")

    def add_share(self) -> None:
        """A row that is paid on top of this one: a district's or an employer's own share."""
        kind, r = self._all[self.list.currentRow()]
        share, ok = QInputDialog.getInt(self, tr("另加配套"), tr("在“{title}”以外再给百分之几（1:1 配套写 100）").format(title=r["title"]), 100, 1, 500)
        if not ok:
            return
        try:
            made = policies.add_share(self.office, r["id"], share, str(self.office.clock().astimezone().date()))
        except UserError as e:
            self.banner.say(str(e))
            return
        self.fill()
        self.choose(kind, made)
        self.banner.say(tr("已加上。依据和从哪天起可以在这里改，再点“从这天起用”。"), "good")

    def drop(self) -> None:
        """Take a row of one's own away; what the program brings or the district sent holds again."""
        kind, r = self._all[self.list.currentRow()]
        if not sure(self, tr("去掉"), tr("去掉本工会从 {day} 起的“{title}”？原来的就又算数了。").format(day=r["valid_from"], title=r["title"])):
            return
        try:
            policies.drop(self.office, kind, r)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.fill()
        self.choose(kind, _base(r))
        self.banner.say(tr("已去掉，Ctrl+Z 可以恢复。"), "good")


def _code_rows() -> list[dict[str, Any]]:
    """The code tables that a field uses, by what the field is called."""
    labels: dict[str, str] = {}
    for register in REGISTERS:
        for f in fields_of(register):
            if f.kind.choices is not None:
                labels.setdefault(f.kind.choices.name, f.label)
    return [{"id": table.name, "title": labels[table.name], "source": table.source, "words": table.labels} for table in codes.tables() if table.name in labels]


def _base(r: Mapping[str, Any]) -> str:
    """What editions of one row have in common."""
    return policies.base_of(str(r.get("id", r.get("count"))))
