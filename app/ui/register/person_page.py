"""A member's page: her fields, and beside them all that hangs on her: membership, certificates, lectures, entries, applications."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QFileDialog, QFormLayout, QInputDialog, QLineEdit, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget
from sqlalchemy import select

from app.services import listing, membership, merging, paperwork, person
from app.services.listing import Hit
from app.services.office import Office
from app.services.records import Invalid
from app.services.roster.matching import Matcher
from app.ui import errors
from app.ui.pair import DIFFERENT, SAME, PairDialog
from app.ui.register.files import FilesDialog
from app.ui.register.side_page import SidePage
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, QuietCombo, button, label, row
from db import codes
from db.keyslots import Role
from db.problems import UserError
from db.record import Record
from db.registers import Member


class EventDialog(QDialog):
    """One membership event for one or more members."""

    def __init__(self, parent: QWidget | None, office: Office, members: list[str], names: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("会籍变化"))
        self.office, self.members = office, members
        box = QVBoxLayout(self)
        box.setContentsMargins(px(20), px(16), px(20), px(16))
        box.setSpacing(px(12))
        box.addWidget(label(names, "section", wrap=True))
        self.kind, self.reason = QuietCombo(), QuietCombo()
        self.kind.addItems(codes.table("membership_event").labels)
        self.reason.addItems(["", *codes.table("membership_event_reason").labels])
        self.date, self.note = QLineEdit(str(office.clock().astimezone().date())), QLineEdit()
        form = QFormLayout()
        for words, widget in ((tr("变化类型"), self.kind), (tr("日期"), self.date), (tr("原因"), self.reason), (tr("说明"), self.note)):
            widget.setAccessibleName(words)
            form.addRow(words, widget)
        box.addLayout(form)
        box.addWidget(label(tr("会籍变化只增不改；登记错了用撤销。只知道月份就写到月。"), "secondary", wrap=True))
        self.banner = Banner()
        box.addWidget(self.banner)
        self.save_button = button(tr("登记"), self.save, icon_name="check", primary=True, key="Ctrl+S")
        box.addLayout(row(None, button(tr("取消"), self.reject), self.save_button))
        self.setMinimumWidth(px(460))

    def save(self) -> None:
        cells = {"event": self.kind.currentText(), "event_date": self.date.text(), "reason": self.reason.currentText(), "note": self.note.text()}
        try:
            membership.record(self.office, self.members, cells)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.accept()


class PersonPage(SidePage):
    """Her fields and her life with the union."""

    def __init__(self, office: Office) -> None:
        super().__init__(office, Member)
        self.record_button = button(tr("成长档案"), self.print_record, icon_name="file-user", key="Ctrl+P")
        self.more_button = button("", self._show_more, icon_name="ellipsis", tip=tr("更多"))
        self.head.addWidget(self.record_button)
        self.head.addWidget(self.more_button)
        status = Card(padding=16, spacing=8)
        self.status = label("", "section", wrap=True)
        self.event_button = button(tr("会籍变化…"), self.ask_event, icon_name="arrow-right-left", key="Ctrl+E")
        status.body.addLayout(row(self.status, self.event_button, wide=self.status))
        self.beside.addWidget(status)
        life = Card(padding=16, spacing=8)
        self.life_head = label("", "section")
        self.life = QListWidget()
        self.life.setAccessibleName(tr("和这个人有关的"))
        self.life.setWordWrap(True)
        self.life.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.life.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.life.itemActivated.connect(self._open_item)
        life.body.addWidget(self.life_head)
        life.body.addWidget(self.life, 1)
        self.beside.addWidget(life, 1)
        self.lay(beside=False)

    def tall(self) -> QWidget | None:
        return self.life

    def _show_around(self, session: Any, record: Record | None) -> None:
        super()._show_around(session, record)
        for part in (self.record_button, self.more_button):
            part.setVisible(record is not None)
        if record is None:
            return
        found = person.dossier(session, record.id, self.office.clock().astimezone().date())
        since = tr("（{since}起）").format(since=found.status.since.chinese()) if found.status.since else ""
        self.status.setText(f"{found.status.state}{since}")
        self.life_head.setText(tr("有 {n} 项").format(n=len(found.items)) if found.items else tr("还没有别的记录"))
        self.life.clear()
        for item in found.items:
            made = QListWidgetItem(f"{item.date.chinese() if item.date else tr('没有日期')}　{item.kind}\n{item.what}" + (f"　{item.detail}" if item.detail else ""))
            made.setData(Qt.ItemDataRole.UserRole, Hit(item.register, item.id, item.what, item.detail))
            self.life.addItem(made)

    def _open_item(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(Qt.ItemDataRole.UserRole))

    def again(self) -> None:
        """What hangs on her changed: show it, without touching what is being typed."""
        if self.record_id is None:
            return
        with self.office.reading() as session:
            record = session.scalars(select(Member).where(Member.id == self.record_id)).first()
            if record is None:
                return
            self._show_around(session, record)
            for name in membership.FIELDS:
                self.editors[name].set_text(next(f for f in self.fields if f.name == name).show(getattr(record, name)))
                self._loaded[name] = self.editors[name].text()
                self._as_loaded[name] = self.editors[name].state()
            self._show_history(session, record)

    # -- what can be done

    def ask_event(self) -> None:
        if self.record_id and EventDialog(self, self.office, [self.record_id], self.heading.text()).exec() == QDialog.DialogCode.Accepted:
            self.again()

    def print_record(self) -> None:
        if self.record_id:
            context = person.growth_context(self.office, self.record_id)
            self.pdf_ready.emit(person.growth_record(self.office, self.record_id), tr("成长档案：{name}").format(name=self.heading.text()), paperwork.unprintable(self.office, "growth_record", [context]))

    def _show_more(self) -> None:
        menu = QMenu(self)
        menu.addAction(tr("照片和附件…"), self.show_files)
        menu.addAction(tr("找很像的人合并…"), self.find_twin)
        menu.addAction(tr("导出本人全部资料…"), self.ask_export)
        erase = QAction(tr("清除个人信息…"), menu)
        erase.triggered.connect(self.ask_erase)
        erase.setEnabled(self.office.user.role is Role.ADMINISTRATOR)
        menu.addAction(erase)
        menu.exec(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))

    def show_files(self) -> None:
        if self.record_id:
            FilesDialog(self, self.office, Member, self.record_id, self.heading.text()).exec()

    def find_twin(self) -> None:
        """Put whoever looks like this member beside her, the likeliest first, and merge where the clerk says so."""
        if not self.record_id or not self.may_leave():
            return
        with self.office.reading() as session:
            matcher = Matcher(session.connection())
        mine = matcher.stored[self.record_id]
        pairs = [n for n in matcher.near(mine) if not matcher.are_different(self.record_id, n.id)]
        for n, near in enumerate(pairs, 1):
            place = tr("（第 {n} 位，共 {m} 位）").format(n=n, m=len(pairs)) if len(pairs) > 1 else ""
            dialog = PairDialog(self, mine, matcher.stored[near.id], heads=(tr("这一位（保留）"), tr("很像的一位（并进来）")), agrees=near.agrees, choosing=True, place=place)
            answer = dialog.exec()
            if answer == SAME:
                try:
                    merging.merge(self.office, self.record_id, near.id, take=dialog.chosen())
                except UserError as e:
                    errors.show(self, e)
                self.open(self.record_id)
                return
            if answer != DIFFERENT:
                return
            merging.are_different(self.office, self.record_id, near.id)
        self.said.emit(tr("没有别的很像的人了。") if pairs else tr("名册里没有和这一位很像的人。"))

    def ask_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出本人全部资料"), tr("{name}-本人资料.xlsx").format(name=self.heading.text()), tr("表格 (*.xlsx)"))
        if path and self.record_id:
            try:
                count = person.export(self.office, self.record_id, Path(path))
            except UserError as e:
                errors.show(self, e)
                return
            self.said.emit(tr("已导出 {n} 条，里面有完整号码，请当面交给本人。").format(n=count))

    def ask_erase(self) -> None:
        """Asks for the name, because there is no way back."""
        if not self.record_id:
            return
        words = tr("清除以后，姓名、证件号、电话等都找不回来，也不能撤销；讲座人次等数字不变。\n已有的备份里还有这个人，会随备份轮换逐步删掉。\n请输入姓名确认：")
        typed, ok = QInputDialog.getText(self, tr("清除个人信息"), words)
        if not ok:
            return
        if typed.strip() != self.heading.text():
            self.banner.say(tr("输入的姓名对不上，没有清除。"))
            return
        try:
            count = person.erase(self.office, self.record_id)
        except (UserError, Invalid) as e:
            self.banner.say(str(e))
            return
        self._settle()
        self.said.emit(tr("已清除，涉及 {n} 条记录。").format(n=count))
        self.closed.emit("")


def names_of(office: Office, ids: list[str]) -> str:
    """张三、李四等 5 人."""
    with office.reading() as session:
        found = listing.titles(session, Member.__tablename__, ids[:3])
    names = "、".join(found.get(i, "") for i in ids[:3])
    return names if len(ids) <= 3 else tr("{names}等 {n} 人").format(names=names, n=len(ids))


