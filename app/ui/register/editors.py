"""One editor for each kind of value, made from the field's declaration; the problem stands under it as it is typed."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPlainTextEdit, QVBoxLayout, QWidget

from app.services.listing import Hit
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import QuietCombo, button, label
from db.fields import Field, Reference, YesNo
from db.problems import Problem
from db.registers import Member, register_named

Lookup = Callable[[str, str], list[Hit]]
"""register name, typed text -> what it can mean."""


class Editor(QWidget):
    """Base: holds text as typed; `changed` on every change by the person."""

    changed = Signal()

    def __init__(self, f: Field) -> None:
        super().__init__()
        self.field = f
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(px(2))
        self._problem = label("", "problem", wrap=True)
        self._problem.hide()
        self._input: QWidget = self

    def _place(self, widget: QWidget, *, name: str = "") -> None:
        self._input = widget
        widget.setAccessibleName(name or self.field.label)
        self.setFocusProxy(widget)
        self._box.addWidget(widget)
        self._box.addWidget(self._problem)

    def text(self) -> str:
        raise NotImplementedError

    def set_text(self, text: str) -> None:
        raise NotImplementedError

    def state(self) -> str:
        """What stands here, chosen or only typed: whether something would be lost is asked of this."""
        return self.text()

    def title_text(self) -> str:
        """What stands here as a person would type it."""
        return self.text()

    def focus(self) -> None:
        self._input.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_read_only(self, read_only: bool) -> None:
        self._input.setEnabled(not read_only)

    def show_problem(self, problem: Problem | None) -> None:
        self._problem.setText(problem.message if problem else "")
        self._problem.setObjectName("problem" if problem is None or problem.is_error else "doubt")
        self._problem.setVisible(problem is not None)
        self._input.setProperty("wrong", bool(problem and problem.is_error))
        for widget in (self._problem, self._input):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def judge(self) -> None:
        """Say at once what is wrong with what stands here."""
        problems = self.field.read(self.text()).problems
        self.show_problem(problems[0] if problems else None)


class LineEditor(Editor):
    def __init__(self, f: Field) -> None:
        super().__init__(f)
        self.line = QLineEdit()
        self.line.setPlaceholderText(f.hint)
        self.line.textEdited.connect(lambda _text: self.changed.emit())
        self.line.editingFinished.connect(self.judge)
        self._place(self.line)

    def text(self) -> str:
        return self.line.text()

    def set_text(self, text: str) -> None:
        self.line.setText(text)

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)


class LongEditor(Editor):
    def __init__(self, f: Field) -> None:
        super().__init__(f)
        self.area = QPlainTextEdit()
        self.area.setTabChangesFocus(True)
        self.area.setFixedHeight(px(84))
        self.area.textChanged.connect(self.changed.emit)
        self._place(self.area)

    def text(self) -> str:
        return self.area.toPlainText()

    def set_text(self, text: str) -> None:
        self.area.setPlainText(text)

    def set_read_only(self, read_only: bool) -> None:
        self.area.setReadOnly(read_only)


class ChoiceEditor(Editor):
    """A list of terms that can be typed into; the list is narrowed by any part of a term."""

    def __init__(self, f: Field) -> None:
        super().__init__(f)
        table = f.kind.choices
        self.terms = ("是", "否") if isinstance(f.kind, YesNo) else table.choosable if table else ()
        self.combo = QuietCombo()
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.combo.addItems(["", *self.terms])
        completer = QCompleter(QStringListModel(list(self.terms), self), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.combo.setCompleter(completer)
        self.combo.currentTextChanged.connect(lambda _text: self.changed.emit())
        line = self.combo.lineEdit()
        assert line is not None
        line.setPlaceholderText(f.hint or tr("选择或输入"))
        if table is not None and "拟" in table.source:
            self.combo.setToolTip(tr("这张表的来源：{source}").format(source=table.source))
        line.editingFinished.connect(self.judge)
        self._place(self.combo)

    def text(self) -> str:
        return self.combo.currentText()

    def set_text(self, text: str) -> None:
        if (place := self.combo.findText(text)) >= 0:
            self.combo.setCurrentIndex(place)  # so that the arrow keys go on from here
        else:
            self.combo.setCurrentText(text)
        table = self.field.kind.choices
        self.combo.setEnabled(table is None or text not in table.final)  # the district's last word is read here, not changed

    def judge(self) -> None:
        """One clear hit is taken: 维 is 维吾尔族."""
        typed = self.text().strip()
        if typed and self.field.read(typed).value is None:
            fitting = [term for term in self.terms if typed in term]
            if len(fitting) == 1:
                self.set_text(fitting[0])
        super().judge()


class ReferenceEditor(Editor):
    """A record of another register, chosen by typing pinyin initials, characters or last digits."""

    def __init__(self, f: Field, lookup: Lookup) -> None:
        super().__init__(f)
        assert isinstance(f.kind, Reference)
        self._register = f.kind.register
        self._lookup = lookup
        self._chosen = ""
        self.line = QLineEdit()
        target = register_named(f.kind.register)
        self.line.setPlaceholderText(tr("输入姓名、拼音首字母或号码后四位") if target is Member or target.with_member else tr("输入{label}的名称或拼音首字母").format(label=target.label))
        self.list = QListWidget()
        self.list.setWindowFlags(Qt.WindowType.ToolTip)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._take)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(80)
        self._timer.timeout.connect(self.search)
        self.line.textEdited.connect(self._typed)
        self.line.installEventFilter(self)
        self._place(self.line)

    def text(self) -> str:
        return self._chosen

    def set_text(self, text: str) -> None:
        """By id; the shown title is set with `show_title`."""
        self._chosen = text

    def show_title(self, title: str) -> None:
        self.line.setText(title)

    def state(self) -> str:
        return f"{self._chosen}|{self.line.text()}"

    def title_text(self) -> str:
        return self.line.text()

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)

    def _typed(self, _text: str) -> None:
        self._chosen = ""
        self.changed.emit()
        self._timer.start()

    def search(self) -> None:
        hits = self._lookup(self._register, self.line.text()) if self.line.text().strip() and self.isVisible() else []
        self.list.clear()
        for hit in hits[:12]:
            item = QListWidgetItem(f"{hit.title}　　{hit.detail}")
            item.setData(Qt.ItemDataRole.UserRole, hit)
            self.list.addItem(item)
        if not hits:
            self.list.hide()
            return
        self.list.setCurrentRow(0)
        self.list.setFixedSize(max(self.line.width(), px(320)), min(len(hits), 8) * px(38) + px(12))
        self.list.move(self.line.mapToGlobal(self.line.rect().bottomLeft()))
        self.list.show()

    def _take(self, item: QListWidgetItem) -> None:
        hit: Hit = item.data(Qt.ItemDataRole.UserRole)
        self._chosen = hit.id
        self.line.setText(hit.title)
        self.list.hide()
        self.show_problem(None)
        self.changed.emit()

    @property
    def is_unclear(self) -> bool:
        """Whether something was typed and nothing chosen: saving that would lose it."""
        return self.line.text().strip() != "" and not self._chosen

    def judge(self) -> None:
        self.show_problem(Problem("reference-unclear", "请从列表里选一个，光输入不算。", self.field.name) if self.is_unclear else None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self.list.isVisible():
            event.accept()  # Escape closes the list, not the page
            return True
        if event.type() == QEvent.Type.FocusOut:
            self.list.hide()
            self.judge()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.list.isVisible():
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step:
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab) and self.list.currentItem():
                self._take(self.list.currentItem())
                return event.key() != Qt.Key.Key_Tab
            if event.key() == Qt.Key.Key_Escape:
                self.list.hide()
                return True
        return super().eventFilter(watched, event)


class MaskedEditor(LineEditor):
    """Shows the mask until somebody asks for the value; `revealed` tells the page, which journals it."""

    revealed = Signal(str)

    def __init__(self, f: Field) -> None:
        super().__init__(f)
        self._value: str | None = None
        self.eye = button("", self.reveal, icon_name="eye", tip=tr("显示{label}").format(label=f.label))
        self._box.removeWidget(self.line)
        side = QHBoxLayout()
        side.setSpacing(px(6))
        side.addWidget(self.line, 1)
        side.addWidget(self.eye)
        self._box.insertLayout(0, side)
        self.eye.hide()

    def set_text(self, text: str) -> None:
        if text:
            self._value = text
            self.line.setText(self.field.kind.mask(text))
            self.line.setReadOnly(True)
            self.eye.show()
        else:
            self._value = None
            self.line.clear()
            self.line.setReadOnly(False)
            self.eye.hide()

    def text(self) -> str:
        return self._value if self._value is not None else self.line.text()

    def reveal(self) -> None:
        """Ask the page, which journals it, and only then show."""
        if self._value is not None:
            self.revealed.emit(self.field.name)

    def show_value(self) -> None:
        value, self._value = self._value, None
        self.line.setText(value or "")
        self.line.setReadOnly(False)
        self.eye.hide()
        self.line.setFocus()


def editor_for(f: Field, lookup: Lookup | None) -> Editor:
    """The editor that suits a field's kind."""
    if isinstance(f.kind, Reference) and lookup is not None:
        return ReferenceEditor(f, lookup)
    if isinstance(f.kind, YesNo) or f.kind.choices is not None:
        return ChoiceEditor(f)
    if f.kind.multiline:
        return LongEditor(f)
    return MaskedEditor(f) if f.is_masked else LineEditor(f)
