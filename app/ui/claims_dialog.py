"""Who may claim what until when, and who may not and why; applications for all who are ticked, in one act."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QTabWidget, QWidget

from app.services.claims import making
from app.services.claims.judging import Claimable, Survey, survey
from app.services.claims.making import Proposed
from app.services.office import Office
from app.ui import errors
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import ColouredDelegate, button, label, row
from db.problems import UserError

_COLUMNS = ("姓名", "申请项目", "凭什么", "金额（元）", "最后一天")


class ClaimsDialog(FramedDialog):
    """`proposed` holds what was made when it was accepted. Enter in the list makes nothing: the button does, or Ctrl+Enter."""

    enter_accepts = False

    def __init__(self, parent: QWidget, office: Office) -> None:
        super().__init__(parent, tr("谁能申请补贴和助推"), 900, 560)
        self.office = office
        self.proposed: Proposed | None = None
        today = office.clock().astimezone().date()
        with office.vault.engine.connect() as connection:
            self.survey: Survey = survey(connection, today)
        self.box.addWidget(self.banner)
        self.tabs = QTabWidget()
        self._ticks: list[QTableWidgetItem] = []
        self.may = self._table([*_COLUMNS], [self._cells(one) for one in self.survey.may], ticks=True)
        self.may_not = self._table(["姓名", "申请项目", "凭什么", "为什么不能"], [[*self._cells(one)[:3], why] for one, why in self.survey.may_not], ticks=False)
        self.tabs.addTab(self.may, tr("能申请（{n}）").format(n=len(self.survey.may)))
        self.tabs.addTab(self.may_not, tr("不能申请（{n}）").format(n=len(self.survey.may_not)))
        self.box.addWidget(self.tabs, 1)
        self.count = label("", "secondary")
        self.ok = button(tr("为勾选的建申请"), self.propose, icon_name="file-text", primary=True, key="Ctrl+Return")
        self.all, self.none = button(tr("全选"), lambda: self._tick_all(True)), button(tr("全不选"), lambda: self._tick_all(False))
        self.box.addLayout(row(self.all, self.none, self.count, None, button(tr("关闭"), self.reject), self.ok))
        self.why = label("", "secondary", wrap=True)
        self.box.insertWidget(self.box.count() - 1, self.why)
        self.may_not.currentCellChanged.connect(lambda now, *_: self.why.setText(self.survey.may_not[now][1] if 0 <= now < len(self.survey.may_not) else ""))
        self.tabs.currentChanged.connect(self._turned)
        self.may.itemChanged.connect(lambda _item: self._counted())
        self._counted()
        self.may.setFocus()

    def _turned(self, tab: int) -> None:
        """Ticks and what they are for belong to the first list; the second says its reason in full below."""
        for part in (self.all, self.none, self.count, self.ok):
            part.setVisible(tab == 0)
        self.why.setVisible(tab == 1)
        self.tabs.currentWidget().setFocus()

    def _cells(self, one: Claimable) -> list[str]:
        return [one.full_name or "—", one.claim, one.title, f"{one.amount:,.0f}" if one.amount else tr("区里定"), str(one.last_day) if one.last_day else "—"]

    def _table(self, heads: list[str], lines: list[list[str]], *, ticks: bool) -> QTableWidget:
        table = QTableWidget(len(lines), len(heads))
        table.setHorizontalHeaderLabels([tr(head) for head in heads])
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setItemDelegate(ColouredDelegate(table))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(px(36))
        for r, line in enumerate(lines):
            for c, text in enumerate(line):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if ticks and c == 0:
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(Qt.CheckState.Unchecked)
                    self._ticks.append(item)
                table.setItem(r, c, item)
        for c in range(len(heads)):
            table.horizontalHeader().setSectionResizeMode(c, QHeaderView.ResizeMode.Stretch if c == len(heads) - 1 or (ticks and c == 2) else QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return table

    def ticked(self) -> list[Claimable]:
        return [one for one, item in zip(self.survey.may, self._ticks, strict=True) if item.checkState() == Qt.CheckState.Checked]

    def _tick_all(self, on: bool) -> None:
        self.may.blockSignals(True)
        for item in self._ticks:
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.may.blockSignals(False)
        self._counted()

    def _counted(self) -> None:
        n = len(self.ticked())
        self.count.setText(tr("勾选了 {n} 份").format(n=n) if n else tr("空格键勾选") if self.survey.may else tr("现在没有人能申请"))
        self.ok.setEnabled(n > 0)

    def propose(self) -> None:
        try:
            self.proposed = making.propose_many(self.office, self.ticked())
        except UserError as e:
            errors.show(self, e)
            return
        self.accept()
