"""What is asked about a workbook: its columns, how to take it in, who is missing from it, which kinds of workbook are known."""

from collections.abc import Mapping, Sequence
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QDialog, QFormLayout, QGridLayout, QLineEdit, QListWidget, QListWidgetItem, QRadioButton, QWidget

from app.services.office import Office
from app.services.roster import batch, intake, layout
from app.services.roster.batch import Form
from app.services.roster.intake import Mode, Options
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.widgets import Banner, QuietCombo, button, label, row
from db import codes


class ColumnsDialog(FramedDialog):
    """What each column of a table is; and a name under which such workbooks are recognised next time."""

    def __init__(self, parent: QWidget | None, headers: Mapping[int, str], columns: Mapping[int, str], *, name: str = "", samples: Mapping[int, Sequence[str]] | None = None, choices: Mapping[str, str] | None = None) -> None:
        super().__init__(parent, tr("这些列是什么"), 640, 600)
        words = choices or {field_name: intake.label_of(field_name) for field_name in layout.importable()}
        self.box.addWidget(label(tr("左边是表格里的列和头几格，右边选它是什么。说一次就行，下次同样的表会认得。"), "secondary", wrap=True))
        form = QFormLayout(self.scrolled())
        self.choices: dict[int, QuietCombo] = {}
        for column, header in headers.items():
            combo = QuietCombo()
            combo.addItem(tr("（不要这一列）"), "")
            for field_name, word in words.items():
                combo.addItem(word, field_name)
            combo.setCurrentIndex(max(combo.findData(columns.get(column, "")), 0))
            combo.setAccessibleName(header)
            self.choices[column] = combo
            shown = "、".join(text for text in (samples or {}).get(column, ()) if text)[:24]
            form.addRow(f"{header}\n{shown}" if shown else header, combo)
        self.name = QLineEdit(name)
        self.name.setPlaceholderText(tr("给这种表起个名字，比如“人事科花名册”；不起名只用这一次"))
        self.name.setAccessibleName(tr("这种表的名字"))
        self.box.addWidget(self.name)
        self.foot(tr("就这样"))

    def columns(self) -> dict[int, str]:
        return {column: combo.currentData() for column, combo in self.choices.items() if combo.currentData()}


class OptionsDialog(FramedDialog):
    """The mode, and the columns in which a blank empties what is stored."""

    def __init__(self, parent: QWidget | None, options: Options, names: Sequence[str]) -> None:
        super().__init__(parent, tr("怎样导入"), 560, 520)
        self.box.addWidget(label(tr("名册里已经有的人"), "section"))
        self.modes = QButtonGroup(self)
        for n, mode in enumerate(Mode):
            made = QRadioButton(mode.label)
            made.setChecked(mode is options.mode)
            self.modes.addButton(made, n)
            self.box.addWidget(made)
        self.box.addWidget(label(tr("空白格"), "section"))
        self.box.addWidget(label(tr("空白格平时不动名册里的内容。只有勾上的列，表里空着就把名册里的清掉。"), "secondary", wrap=True))
        grid = QGridLayout(self.scrolled())
        self.wipes = {name: QCheckBox(intake.label_of(name)) for name in names if name not in ("full_name", "certificate_no")}
        for n, (name, made_box) in enumerate(self.wipes.items()):
            made_box.setChecked(name in options.wipe)
            grid.addWidget(made_box, n // 3, n % 3)
        grid.setRowStretch(len(self.wipes) // 3 + 1, 1)
        self.foot(tr("就这样"))

    def options(self) -> Options:
        return Options(list(Mode)[self.modes.checkedId()], frozenset(name for name, made in self.wipes.items() if made.isChecked()))


class MissingDialog(FramedDialog):
    """Who is in the roster and not in the workbook: proposed as left, done only for those who are ticked."""

    def __init__(self, parent: QWidget | None, people: Sequence[tuple[str, str]], file_name: str, today: date) -> None:
        super().__init__(parent, tr("名册里有、表里没有的人"), 620, 600)
        self.box.addWidget(label(tr("这 {n} 位在名册里，“{file}”里没有。如果这张表是全单位的，他们可能已经离开；勾上的才会登记。").format(n=len(people), file=file_name), "secondary", wrap=True))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("名册里有、表里没有的人"))
        for record_id, text in people:
            item = QListWidgetItem(text)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            item.setData(Qt.ItemDataRole.UserRole, record_id)
            self.list.addItem(item)
        self._ticked = set[str]()
        self.list.itemChanged.connect(self._tick)
        find = QLineEdit()
        find.setPlaceholderText(tr("在名单里找…"))
        find.setAccessibleName(tr("在名单里找"))
        find.textChanged.connect(self._search)
        self.box.addWidget(find)
        self.box.addWidget(self.list, 1)
        self.kind, self.reason, self.date = QuietCombo(), QuietCombo(), QLineEdit(str(today))
        self.kind.addItems(["转出", "退会", "保留", "去世"])
        self.reason.addItems(["", *codes.table("membership_event_reason").labels])
        self.reason.setCurrentIndex(1)
        self.kind.currentIndexChanged.connect(lambda _n: self._suit_reason())
        for widget, words in ((self.kind, tr("变化类型")), (self.reason, tr("原因")), (self.date, tr("日期"))):
            widget.setAccessibleName(words)
        self.box.addLayout(row(button(tr("全选"), self._all), label(tr("登记为"), "fieldLabel"), self.kind, self.date, self.reason, wide=self.reason))
        self.banner = Banner()
        self.box.addWidget(self.banner)
        self.foot("")
        self._count()

    def _all(self) -> None:
        wanted = Qt.CheckState.Unchecked if len(self._ticked) == self.list.count() else Qt.CheckState.Checked
        self.list.blockSignals(True)
        for n in range(self.list.count()):
            self.list.item(n).setCheckState(wanted)
        self.list.blockSignals(False)
        self._ticked = {self.list.item(n).data(Qt.ItemDataRole.UserRole) for n in range(self.list.count())} if wanted == Qt.CheckState.Checked else set()
        self.list.viewport().update()
        self._count()

    def _tick(self, item: QListWidgetItem) -> None:
        record_id = item.data(Qt.ItemDataRole.UserRole)
        if item.checkState() == Qt.CheckState.Checked:
            self._ticked.add(record_id)
        else:
            self._ticked.discard(record_id)
        self._count()

    def _count(self) -> None:
        self.ok.setText(tr("登记 {n} 人").format(n=len(self._ticked)))
        self.ok.setEnabled(bool(self._ticked))

    def _search(self, text: str) -> None:
        for n in range(self.list.count()):
            self.list.item(n).setHidden(text.strip() not in self.list.item(n).text())

    def _suit_reason(self) -> None:
        """A reason is asked for where somebody leaves; nobody dies of a change in labour relations."""
        self.reason.setCurrentIndex(1 if self.kind.currentText() == "转出" else 5 if self.kind.currentText() == "退会" else 0)

    def chosen(self) -> list[str]:
        """Those that are ticked, in the order of the list."""
        ids = [self.list.item(n).data(Qt.ItemDataRole.UserRole) for n in range(self.list.count())]
        return [record_id for record_id in ids if record_id in self._ticked]

    def cells(self) -> dict[str, str]:
        return {"event": self.kind.currentText(), "event_date": self.date.text(), "reason": self.reason.currentText()}


class FormsDialog(FramedDialog):
    """The kinds of workbook that are recognised: rename, change the columns, forget."""

    def __init__(self, parent: QWidget | None, office: Office) -> None:
        super().__init__(parent, tr("认得的表"), 560, 460)
        self.office = office
        self.forms: list[Form] = []
        self.list = QListWidget()
        self.list.setAccessibleName(tr("认得的表"))
        self.box.addWidget(label(tr("说过一次列是什么的表，下次同样表头的会自动认得。"), "secondary", wrap=True))
        self.box.addWidget(self.list, 1)
        self.change = button(tr("改列和名字…"), self._change, icon_name="pencil")
        self.forget = button(tr("忘掉"), self._forget, icon_name="trash-2")
        self.box.addLayout(row(self.change, self.forget, None, button(tr("关闭"), self.accept, primary=True)))
        self.list.itemDoubleClicked.connect(lambda _item: self._change())
        self.fill()

    def fill(self) -> None:
        with self.office.reading() as session:
            self.forms = batch.forms(session)
        self.list.clear()
        self.list.addItems([tr("{name}　　{n} 列认得，上次用 {day}").format(name=f.name, n=len(f.columns), day=f.used_at[:10]) for f in self.forms])
        self.list.setCurrentRow(0)
        for made in (self.change, self.forget):
            made.setEnabled(bool(self.forms))

    def _change(self) -> None:
        form = self.forms[self.list.currentRow()]
        dialog = ColumnsDialog(self, form.headers, form.columns, name=form.name)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            batch.change_form(self.office, form.shape, name=dialog.name.text(), columns=dialog.columns())
            self.fill()

    def _forget(self) -> None:
        batch.forget_form(self.office, self.forms[self.list.currentRow()].shape)
        self.fill()
