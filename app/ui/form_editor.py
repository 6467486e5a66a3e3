"""The administrator changes a form's texts and boxes; beside them the form as it will be printed, drawn anew at every change."""

from collections.abc import Callable

import pypdfium2 as pdfium
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontDatabase, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QLabel, QMessageBox, QPlainTextEdit, QScrollArea, QTableWidgetItem, QTabWidget, QVBoxLayout, QWidget

from app.printing import template
from app.services import form_editing
from app.services.form_editing import NUMBER, Spot
from app.services.office import Office
from app.ui.asking import sure
from app.ui.dialog import FramedDialog
from app.ui.preview import page_image
from app.ui.score_sheet import MarkTable
from app.ui.text import tr
from app.ui.theme import colour, px
from app.ui.widgets import QuietCombo, button, clear, label, row
from db.keyslots import Role
from db.problems import UserError

WHERE, KIND, VALUE = range(3)
DELAY = 350
"""Milliseconds after the last change until the picture follows."""


class FormEditor(FramedDialog):
    """Everything that can be changed as a list, the definition itself behind it. Nothing is kept that cannot be printed."""

    enter_accepts = False

    def __init__(self, parent: QWidget | None, office: Office, name: str = "") -> None:
        super().__init__(parent, tr("改打印的表格"), 1180, 700)
        self.office = office
        self.forms = QuietCombo()
        self.forms.setAccessibleName(tr("哪张表"))
        for title, key in sorted((template.load(key).title, key) for key in template.form_names()):
            self.forms.addItem(title, key)
        self.origin = label("", "secondary")
        self.box.addLayout(row(label(tr("哪张表")), self.forms, self.origin, None))
        self.box.addWidget(self.banner)
        self.tabs = QTabWidget()
        self.table = MarkTable(0, 3)
        self.table.setHorizontalHeaderLabels([tr("在哪里"), tr("是什么"), tr("写什么、多大（毫米）")])
        self.table.setAccessibleName(tr("表格上的文字和格子"))
        self.table.setColumnWidth(WHERE, px(210))
        self.table.setColumnWidth(KIND, px(60))
        self.table.horizontalHeader().setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Stretch)
        self.table.itemChanged.connect(self._typed)
        self.text = QPlainTextEdit()
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(tr("定义"))
        self.text.textChanged.connect(self._wrote)
        self.tabs.addTab(self.table, tr("文字和格子"))
        self.tabs.addTab(self.text, tr("定义（TOML）"))
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        inner = QWidget()
        self.pages = QVBoxLayout(inner)
        self.pages.setSpacing(px(12))
        self.area.setWidget(inner)
        middle = QHBoxLayout()
        middle.setSpacing(px(14))
        middle.addWidget(self.tabs, 1)
        middle.addWidget(self.area, 1)
        self.box.addLayout(middle, 1)
        self.keep_button = button(tr("以后按这样印"), self.keep, icon_name="save", primary=True, key="Ctrl+S")
        self.restore_button = button(tr("恢复原样"), self.restore, icon_name="undo-2")
        administrator = office.user.role is Role.ADMINISTRATOR
        self.box.addLayout(
            row(
                button(tr("再加一份"), self.double, icon_name="plus", tip=tr("把选中的行、列或格再加一份在下面")), button(tr("去掉"), self.drop, icon_name="trash-2", tip=tr("去掉选中的行、列或格")),
                label("" if administrator else tr("只有管理员能改。"), "secondary"), None, self.restore_button, button(tr("关闭"), self.reject), self.keep_button,
            )
        )
        self.spots: list[Spot] = []
        self._toml = self._stored = ""
        self._filling = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DELAY)
        self._soon.timeout.connect(self.draw)
        self.forms.currentIndexChanged.connect(lambda _n: self._another())
        self.forms.setCurrentIndex(max(self.forms.findData(name or "subsidy_application"), 0))
        self._another()

    @property
    def name(self) -> str:
        return str(self.forms.currentData())

    @property
    def is_dirty(self) -> bool:
        return self._toml != self._stored

    def _another(self) -> None:
        """Another form is looked at; what was changed in the one before is asked about."""
        if self.is_dirty and not self._may_leave():
            self.forms.blockSignals(True)
            self.forms.setCurrentIndex(self.forms.findData(self._shown))
            self.forms.blockSignals(False)
            return
        self._shown = self.name
        self._toml = self._stored = form_editing.source(self.office, self.name)
        self.banner.say("")
        self._show()
        self.draw()

    _shown = ""

    def _show(self) -> None:
        """The definition as a list and as text."""
        where = form_editing.origin(self.office, self._shown)
        self.origin.setText(tr(where))
        administrator = self.office.user.role is Role.ADMINISTRATOR
        self.restore_button.setEnabled(administrator and where == "本工会改过")
        self.keep_button.setEnabled(administrator and self.is_dirty)
        place = self.table.currentRow()
        self._filling = True
        try:
            self.spots = form_editing.spots(self._toml)
        except UserError:
            self.spots = []  # the picture's side says what cannot be read
        self.table.setRowCount(len(self.spots))
        for r, spot in enumerate(self.spots):
            for c, text in enumerate((spot.where, tr(spot.kind), spot.value)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if c != VALUE or not administrator:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                if c != VALUE:
                    item.setForeground(colour("secondary"))
                elif spot.kind == NUMBER:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        if self.text.toPlainText() != self._toml:
            self.text.setPlainText(self._toml)
        self.text.setReadOnly(not administrator)
        self._filling = False
        if self.spots:
            self.table.setCurrentCell(min(max(place, 0), len(self.spots) - 1), VALUE)

    def _typed(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() != VALUE:
            return
        try:
            self._toml = form_editing.change(self._toml, self.spots[item.row()].path, item.text())
        except UserError as e:
            self.banner.say(str(e))
            self._filling = True
            item.setText(self.spots[item.row()].value)
            self._filling = False
            return
        self._changed()

    def _wrote(self) -> None:
        if not self._filling:
            self._toml = self.text.toPlainText()
            self.keep_button.setEnabled(self.is_dirty)
            self._soon.start()

    def _changed(self) -> None:
        self._show()
        self._soon.start()

    def double(self) -> None:
        self._edit(form_editing.double)

    def drop(self) -> None:
        self._edit(form_editing.drop)

    def _edit(self, how: Callable[[str, form_editing.Path], str]) -> None:
        if not self.spots or self.office.user.role is not Role.ADMINISTRATOR:
            return
        try:
            self._toml = how(self._toml, self.spots[max(self.table.currentRow(), 0)].path)
        except UserError as e:
            self.banner.say(str(e))
            return
        self._changed()

    def draw(self) -> None:
        """The form as it would be printed; where it cannot be, the reason, and the picture before stays."""
        try:
            pdf = form_editing.preview(self._shown, self._toml)
        except UserError as e:
            self.banner.say(str(e))
            self.keep_button.setEnabled(False)
            return
        self.banner.say("")
        self.keep_button.setEnabled(self.is_dirty and self.office.user.role is Role.ADMINISTRATOR)
        if self.tabs.currentIndex() == 1:
            self._show()
        clear(self.pages)
        document = pdfium.PdfDocument(pdf)
        for n in range(len(document)):
            width, _ = document.get_page_size(n)
            scale = max(self.area.width() - px(40), px(200)) / width
            sheet = QLabel()
            picture = QPixmap.fromImage(page_image(document, n, scale * self.devicePixelRatioF()))
            picture.setDevicePixelRatio(self.devicePixelRatioF())
            sheet.setPixmap(picture)
            sheet.setObjectName("card")
            sheet.setAccessibleName(tr("第 {n} 页").format(n=n + 1))
            self.pages.addWidget(sheet)
        self.pages.addStretch(1)
        document.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < px(900)
        self.table.setColumnHidden(KIND, narrow)
        self.table.setColumnWidth(WHERE, px(110 if narrow else 210))
        self._soon.start()

    def keep(self) -> None:
        self.table.settle()
        try:
            form_editing.keep(self.office, self._shown, self._toml)
        except UserError as e:
            self.banner.say(str(e))
            return
        self._stored = self._toml
        self._show()
        self.banner.say(tr("以后按这样印。区里下发了自己的版本，就按区里的。"), "good")

    def restore(self) -> None:
        if QMessageBox.question(self, tr("恢复原样"), tr("要丢掉本工会改的，恢复原来的表吗？可以撤销。")) == QMessageBox.StandardButton.Yes:
            form_editing.restore(self.office, self._shown)
            self._toml = self._stored = form_editing.source(self.office, self._shown)
            self._changed()

    def _may_leave(self) -> bool:
        return sure(self, tr("改打印的表格"), tr("改动还没有保存，不要了吗？"))

    def reject(self) -> None:
        if not self.is_dirty or self._may_leave():
            super().reject()
