"""The score sheet of a competition: marks typed or pasted like in a spreadsheet, totals and places as one types."""

from decimal import Decimal
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QCheckBox, QComboBox, QHeaderView, QLineEdit, QMessageBox, QTableWidget, QTableWidgetItem, QWidget

from app.services import block, competitions
from app.services.competitions import Sheet
from app.services.office import Office
from app.ui import errors
from app.ui.dialog import FramedDialog
from app.ui.register.editors import LineEditor
from app.ui.text import tr
from app.ui.theme import colour, px
from app.ui.widgets import ColouredDelegate, QuietCombo, button, label, row
from db.dates import PartialDate
from db.kinds import MARK
from db.problems import UserError
from db.record import field_of
from db.registers import Certificate

NAME, DEPARTMENT, TRADE, THEORY, PRACTICAL, ABSENT, TOTAL, RANK = range(8)
_HEADS = ("姓名", "部门", "工种", "理论", "实操", "缺考", "总成绩", "名次")


class MarkTable(QTableWidget):
    """Enter goes to the next row of the same column, as in a spreadsheet; Tab leaves the table. `opened` where the row cannot be written in."""

    opened = Signal(int)

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(rows, columns)
        self.setItemDelegate(ColouredDelegate(self))
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(px(36))

    def settle(self) -> None:
        """What is still being typed in a cell counts: a key of the dialog does not wait for Enter."""
        if self.state() == QAbstractItemView.State.EditingState:
            for editor in cast(list[QWidget], self.viewport().findChildren(QLineEdit)):
                self.commitData(editor)
                self.closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def _down(self) -> None:
        if self.currentRow() + 1 < self.rowCount():
            self.setCurrentCell(self.currentRow() + 1, self.currentColumn())

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        if hint == QAbstractItemDelegate.EndEditHint.SubmitModelCache:
            self._down()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != QAbstractItemView.State.EditingState and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            item = self.currentItem()
            if item is not None and not item.flags() & Qt.ItemFlag.ItemIsEditable and self.opens:
                self.opened.emit(self.currentRow())
            else:
                self._down()
            return
        super().keyPressEvent(event)

    opens = False
    """Whether Enter on a cell that is only read opens what stands behind it."""


class ScoreSheet(FramedDialog):
    """Marks of one round at a time; saving writes them as one act, and ranking is another."""

    enter_accepts = False

    def __init__(self, parent: QWidget, office: Office, competition: str) -> None:
        super().__init__(parent, tr("成绩"), 960, 640)
        self.office, self.competition = office, competition
        with office.vault.engine.connect() as connection:
            self._rounds = competitions.rounds_of(connection, competition)
        self.round: QComboBox = QuietCombo()
        self.round.setAccessibleName(tr("轮次"))
        for found in self._rounds:
            self.round.addItem(" ".join(part for part in (found["name"], found["trade"]) if part), found["id"])
        if not self._rounds:
            self.round.addItem(tr("一次决出名次"), None)
        self.hint = label("", "secondary", wrap=True)
        self.box.addLayout(row(label(tr("轮次")), self.round, self.hint, wide=self.hint))
        self.box.addWidget(self.banner)
        self.table = MarkTable(0, len(_HEADS))
        self._prepare()
        self.box.addWidget(self.table, 1)
        self.box.addWidget(label(tr("名次规则：{rule}").format(rule=competitions.TIES), "secondary", wrap=True))
        self.save_button = button(tr("保存成绩"), self.save, icon_name="save", key="Ctrl+S")
        self.settle_button = button(tr("评定名次和奖项"), self.settle, icon_name="trophy")
        self.certify_button = button(tr("登记取证…"), self.certify, icon_name="award")
        self.box.addLayout(row(self.save_button, self.settle_button, self.certify_button, None, button(tr("关闭"), self.reject)))
        self.round.currentIndexChanged.connect(lambda _n: self._other_round())
        self._filling = False
        self.sheet: Sheet
        self.show_round()
        self.table.setFocus()

    def _prepare(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels([tr(head) for head in _HEADS])
        table.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        table.setAccessibleName(tr("成绩表"))
        for column, width in ((NAME, 110), (TRADE, 110), (THEORY, 90), (PRACTICAL, 90), (ABSENT, 70), (TOTAL, 100), (RANK, 70)):
            table.setColumnWidth(column, px(width))
        table.horizontalHeader().setSectionResizeMode(DEPARTMENT, QHeaderView.ResizeMode.Stretch)
        table.itemChanged.connect(self._changed)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), table)
        paste.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.activated.connect(self.paste)

    def _other_round(self) -> None:
        """What was typed for the round before is saved first, or stays to be mended."""
        if self.is_dirty and not self._keep(self.sheet.round):
            self.round.blockSignals(True)
            self.round.setCurrentIndex(self.round.findData(self.sheet.round))
            self.round.blockSignals(False)
            return
        self.show_round()

    def show_round(self) -> None:
        """The marks as they are stored."""
        self.sheet = competitions.sheet(self.office, self.competition, self.round.currentData())
        self.setWindowTitle(f"{tr('成绩')}：{self.sheet.title}")
        self.hint.setText(tr("理论占 {a}%，实操占 {b}%；共 {n} 人。可以从表格里整块粘贴（Ctrl+V）。").format(a=self.sheet.share, b=100 - self.sheet.share, n=len(self.sheet.lines)))
        self._filling = True
        self.table.setRowCount(len(self.sheet.lines))
        for r, line in enumerate(self.sheet.lines):
            texts = (line.full_name, line.department, line.trade, _shown(line.theory), _shown(line.practical), "", _shown(line.total), str(line.rank or ""))
            for c, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if c == ABSENT:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(Qt.CheckState.Checked if line.is_absent else Qt.CheckState.Unchecked)
                elif c not in (THEORY, PRACTICAL):
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                if c in (THEORY, PRACTICAL, TOTAL, RANK):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        self._filling = False
        if self.sheet.lines:
            self.table.setCurrentCell(0, THEORY)
        self.save_button.setEnabled(bool(self.sheet.lines))
        self.settle_button.setEnabled(bool(self.sheet.lines))
        self.table.setColumnHidden(ABSENT, not self._rounds)

    def _cell(self, r: int, c: int) -> str:
        item = self.table.item(r, c)
        return item.text() if item is not None else ""

    def _absent(self, r: int) -> bool:
        item = self.table.item(r, ABSENT)
        return item is not None and item.checkState() == Qt.CheckState.Checked

    def _changed(self, _item: QTableWidgetItem) -> None:
        """Totals and places follow what is typed; nothing is stored yet."""
        if self._filling:
            return
        self._filling = True
        rows = range(self.table.rowCount())
        marks = [(self._mark(r, THEORY), self._mark(r, PRACTICAL)) for r in rows]
        totals = [None if self._absent(r) else competitions.total(*marks[r], self.sheet.share) for r in rows]
        for trade in dict.fromkeys(line.trade for line in self.sheet.lines):
            places = [r for r in rows if self.sheet.lines[r].trade == trade]
            for place, r in zip(competitions.ranks([(totals[r], marks[r][1], marks[r][0]) for r in places]), places, strict=True):
                for c, text in ((TOTAL, _shown(totals[r])), (RANK, str(place or ""))):
                    if (item := self.table.item(r, c)) is not None:
                        item.setText(text)
        self._filling = False

    def _mark(self, r: int, c: int) -> Decimal | None:
        reading = MARK.read(self._cell(r, c))
        wrong = bool(reading.problems) or (reading.value is not None and not 0 <= reading.value <= 100)
        item = self.table.item(r, c)
        if item is not None:
            item.setToolTip(tr("成绩按百分制填，0 到 100 分") if wrong else "")
            font = item.font()
            font.setBold(wrong)
            item.setFont(font)
            item.setData(Qt.ItemDataRole.ForegroundRole, colour("bad") if wrong else None)
        return None if wrong else reading.value

    def paste(self) -> None:
        """A block of marks from a spreadsheet, from the current cell on."""
        top, left = max(self.table.currentRow(), 0), self.table.currentColumn()
        if left not in (THEORY, PRACTICAL):
            left = THEORY
        self._filling = True
        for r, cells in enumerate(block.cells_of(QGuiApplication.clipboard().text())):
            for c, text in enumerate(cells):
                if (item := self.table.item(top + r, left + c)) is not None and left + c in (THEORY, PRACTICAL):
                    item.setText(text.strip())
        self._filling = False
        if (first := self.table.item(top, left)) is not None:
            self._changed(first)

    @property
    def is_dirty(self) -> bool:
        self.table.settle()
        return any(
            (self._cell(r, THEORY), self._cell(r, PRACTICAL), self._absent(r)) != (_shown(line.theory), _shown(line.practical), line.is_absent) for r, line in enumerate(self.sheet.lines)
        )

    def save(self) -> bool:
        if not self._keep(self.sheet.round):
            return False
        self.show_round()
        return True

    def _keep(self, round_: str | None) -> bool:
        """Store what stands in the table; False, with the reason in the banner, where it cannot be."""
        self.table.settle()
        marks = {line.entry: (self._cell(r, THEORY), self._cell(r, PRACTICAL), self._absent(r)) for r, line in enumerate(self.sheet.lines)}
        try:
            changed = competitions.enter_scores(self.office, self.competition, round_, marks)
        except UserError as e:
            self.banner.say(str(e))
            return False
        self.banner.say(tr("已保存，{n} 人的成绩有变化。").format(n=changed), "good")
        return True

    def settle(self) -> None:
        if self.is_dirty and not self.save():
            return
        try:
            done = competitions.settle(self.office, self.competition)
        except UserError as e:
            self.banner.say(str(e))
            return
        waiting = tr("；还没有成绩的：{names}").format(names="、".join(done.without[:5]) + ("…" if len(done.without) > 5 else "")) if done.without else ""
        prizes = tr("；竞赛里没有填奖项名额，没有评奖") if done.ranked and not done.awarded else ""
        self.banner.say(tr("已评定 {n} 人的名次，{m} 人获奖{prizes}{waiting}。").format(n=done.ranked, m=done.awarded, prizes=prizes, waiting=waiting), "warn" if done.without or prizes else "good")
        self.show_round()

    def certify(self) -> None:
        """Certificates for the winners, after the ranking."""
        found = competitions.winners(self.office, self.competition)
        if not found:
            self.banner.say(tr(competitions.why_nobody_won(self.office, self.competition)), "warn")
            return
        dialog = CertifyDialog(self, found, PartialDate.of(self.office.clock().astimezone().date()))
        if dialog.exec():
            try:
                made = competitions.certify(self.office, self.competition, issued_on=dialog.issued_on(), issuing_body=dialog.body.text(), numbers=dialog.numbers())
            except UserError as e:
                errors.show(self, e)
                return
            self.show_round()
            self.banner.say(tr("登记了 {n} 本证书。补贴请到“补贴和助推”里看谁能申请。").format(n=len(made)), "good")

    def reject(self) -> None:
        """Escape and the cross: what was typed is asked about."""
        if self.is_dirty:
            buttons = QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel
            answer = QMessageBox.question(self, tr("成绩"), tr("成绩还没有保存，要保存吗？"), buttons, QMessageBox.StandardButton.Save)
            if answer == QMessageBox.StandardButton.Cancel or (answer == QMessageBox.StandardButton.Save and not self.save()):
                return
        super().reject()


class CertifyDialog(FramedDialog):
    """Date and issuer for all, a number for each where it is known by now."""

    enter_accepts = False

    def __init__(self, parent: QWidget, found: list[competitions.Won], today: PartialDate) -> None:
        super().__init__(parent, tr("登记竞赛取证"), 760, 520)
        self.found = found
        self.day, self.body = LineEditor(field_of(Certificate, "issued_on")), LineEditor(field_of(Certificate, "issuing_body"))
        self.day.set_text(str(today))
        self.box.addLayout(row(label(tr("发证日期")), self.day, label(tr("发证机构")), self.body, wide=self.body))
        self.table = MarkTable(len(found), 4)
        self.table.setAccessibleName(tr("证书编号"))
        self.table.setHorizontalHeaderLabels([tr("姓名"), tr("工种"), tr("等级"), tr("证书编号（可以以后补）")])
        self.table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        for r, one in enumerate(found):
            for c, text in enumerate((one.full_name, one.trade, one.level + (tr("（晋级）") if one.is_promotion else ""), "")):
                item = QTableWidgetItem(text)
                if c < 3:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(r, c, item)
        self.table.resizeColumnToContents(2)
        self.box.addWidget(self.table, 1)
        self.sure = QCheckBox(tr("名单和等级已经与发证机构核对"))
        self.box.addWidget(self.sure)
        self.foot(tr("登记 {n} 本").format(n=len(found)))
        self.ok.setEnabled(False)
        self.sure.toggled.connect(self.ok.setEnabled)

    def issued_on(self) -> PartialDate:
        """UserError where it is no date."""
        value = field_of(Certificate, "issued_on").read(self.day.text()).value
        if value is None:
            raise UserError(tr("请填发证日期，例如 2026-11-20。"))
        return value  # type: ignore[no-any-return]  # the field is a date

    def numbers(self) -> dict[str, str]:
        self.table.settle()
        found = {}
        for r, one in enumerate(self.found):
            item = self.table.item(r, 3)
            if item is not None and item.text().strip():
                found[one.entry] = item.text().strip().upper()
        return found


def _shown(mark: Decimal | None) -> str:
    return "" if mark is None else MARK.show(mark)
