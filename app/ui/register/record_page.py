"""One record: its fields in groups, checked in place; Save or Cancel; its history."""

import json
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QMessageBox, QScrollArea, QVBoxLayout, QWidget
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.services import crosschecks, listing
from app.services.listing import Hit
from app.services.office import Office, moment_of
from app.services.records import ActKind, Invalid, read_values
from app.services.undo import history_of
from app.ui.register.editors import Editor, MaskedEditor, ReferenceEditor, editor_for
from app.ui.register.layouts import groups_of
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, button, clear, label, row
from db.fields import Reference
from db.journal import ERASED, Deed
from db.problems import Problem, UserError
from db.record import Record, field_of, fields_of, values_of
from db.registers import Member

WIDE = ("note", "summary", "speaker_bio", "safety_plan", "decision", "topic", "name", "employer_name", "trades", "certificate")


class RecordPage(QWidget):
    """Edits one record of any register. `closed` carries the id that was saved, or an empty text."""

    closed = Signal(str)

    def __init__(self, office: Office, register: type[Record]) -> None:
        super().__init__()
        self.office, self.register = office, register
        self.fields = fields_of(register)
        self.record_id: str | None = None
        self._loaded: dict[str, str] = {}
        self._as_loaded: dict[str, str] = {}
        self.editors: dict[str, Editor] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(12))
        self.heading = label("", "section")
        self.back = button(tr("返回"), self.leave, icon_name="chevron-left", tip=tr("返回列表（Esc）"))
        self.head = row(self.back, self.heading, None)
        box.addLayout(self.head)
        self.banner = Banner()
        box.addWidget(self.banner)
        area = QScrollArea()
        area.setWidgetResizable(True)
        inner = QWidget()
        self.content = QVBoxLayout(inner)
        self.content.setContentsMargins(0, 0, px(8), 0)
        self.content.setSpacing(px(12))
        area.setWidget(inner)
        self._fields_area = area
        self.middle = row(area, wide=area)
        box.addLayout(self.middle, 1)
        for title, names in groups_of(register).items():
            self.content.addWidget(self._group(title, names))
        self.history = Card(tr("变更记录"), padding=16, spacing=6)
        self.content.addWidget(self.history)
        self.content.addStretch(1)
        self.save_button = button(tr("保存"), self.save, icon_name="save", primary=True, key="Ctrl+S")
        self.cancel_button = button(tr("取消"), self.leave)
        box.addLayout(row(None, self.cancel_button, self.save_button))

    def _group(self, title: str, names: tuple[str, ...]) -> Card:
        card = Card(title, padding=16, spacing=8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(20))
        grid.setVerticalSpacing(px(8))
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        place = 0
        for name in names:
            f = field_of(self.register, name)
            editor = editor_for(f, self.lookup)
            editor.changed.connect(self._touched)
            if isinstance(editor, MaskedEditor):
                editor.revealed.connect(self._revealed)
            if f.decided_above or f.derived:
                editor.set_read_only(True)
            self.editors[name] = editor
            cell = QVBoxLayout()
            cell.setSpacing(px(2))
            cell.addWidget(label(f.label + (" *" if f.required else "") + (tr("（区里决定）") if f.decided_above else (tr("（随会籍变化）") if self.register is Member else tr("（自动算出）")) if f.derived else ""), "fieldLabel"))
            cell.addWidget(editor)
            cell.addStretch(1)
            wide = name in WIDE or f.kind.multiline
            if wide and place % 2:
                place += 1
            grid.addLayout(cell, place // 2, place % 2, 1, 2 if wide else 1)
            place += 2 if wide else 1
        card.body.addLayout(grid)
        return card

    def lookup(self, register: str, typed: str) -> list[Hit]:
        with self.office.reading() as session:
            return listing.lookup(session, register, typed)

    def open(self, record_id: str | None, *, preset: Mapping[str, Any] | None = None) -> None:
        """Show a record, or an empty one with some values set."""
        self.record_id = record_id
        self.banner.say("")
        with self.office.reading() as session:
            record = session.scalars(select(self.register).where(self.register.id == record_id)).first() if record_id else None
            self.heading.setText(listing.describe(session, record).title if record is not None else tr("新建{label}").format(label=self.register.label))
            for f in fields_of(self.register):
                value = getattr(record, f.name) if record is not None else (preset or {}).get(f.name)
                editor = self.editors[f.name]
                editor.show_problem(None)
                editor.set_text(value or "" if isinstance(f.kind, Reference) else f.show(value))
                if isinstance(editor, ReferenceEditor):
                    editor.show_title(listing.titles(session, f.kind.register, [value]).get(value, "") if value and isinstance(f.kind, Reference) else "")
            self._show_around(session, record)
            self._show_history(session, record)
        self._settle()
        self._touched()
        first = next((e for e in self.editors.values() if not e.text()), next(iter(self.editors.values())))
        (first if record is None else next(iter(self.editors.values()))).focus()

    def _texts(self) -> dict[str, str]:
        return {name: editor.text() for name, editor in self.editors.items()}

    @property
    def is_dirty(self) -> bool:
        return self._states() != self._as_loaded

    def _states(self) -> dict[str, str]:
        return {name: editor.state() for name, editor in self.editors.items()}

    def _settle(self) -> None:
        """What stands here now is what is stored, or given up."""
        self._loaded, self._as_loaded = self._texts(), self._states()

    def _touched(self) -> None:
        self.save_button.setEnabled(self.is_dirty or self.record_id is None)

    def _revealed(self, name: str) -> None:
        if self.record_id:
            with self.office.act(ActKind.SHOW, f"显示{self.register.label}的{field_of(self.register, name).label}") as act:
                act.showed(self.register, self.record_id, [name])
        editor = self.editors[name]
        if isinstance(editor, MaskedEditor):
            editor.show_value()

    def save(self) -> bool:
        """Store what stands here, and close."""
        if not self.store():
            return False
        self.closed.emit(self.record_id or "")
        return True

    def store(self) -> bool:
        """Check everything and save in one act. Problems are shown at their fields and nothing is saved."""
        texts = self._texts()
        changed = {name: text for name, text in texts.items() if text != self._loaded.get(name) or self.record_id is None}
        changed = {name: text for name, text in changed.items() if not (f := field_of(self.register, name)).decided_above and not f.derived}
        if self.record_id:
            with self.office.reading() as session:
                record = session.scalars(select(self.register).where(self.register.id == self.record_id)).first()
                values, problems = read_values(self.register, changed, stored=values_of(record) if record is not None else {})
        else:
            values, problems = read_values(self.register, texts)
        problems = [p for p in problems if self.record_id is None or p.code != "required" or p.field in changed]
        unclear = {name for name, editor in self.editors.items() if isinstance(editor, ReferenceEditor) and editor.is_unclear}
        problems = [p for p in problems if p.field not in unclear] + [Problem("reference-unclear", tr("请从列表里选一个，光输入不算。"), name) for name in unclear]
        with self.office.reading() as session:
            stored = session.scalars(select(self.register).where(self.register.id == self.record_id)).first() if self.record_id else None
            whole = {**(values_of(stored) if stored is not None else {}), **{name: value for name, value in values.items() if name in changed}}
            known = {p.field for p in problems if p.is_error}
            problems += [
                p for p in crosschecks.problems(session.connection(), self.register, whole, today=self.office.clock().astimezone().date(), record_id=self.record_id, changed=frozenset(changed) if self.record_id else None)
                if p.field not in known
            ]
        if self._show_problems(problems):
            return False
        values = {name: value for name, value in values.items() if name in changed}
        try:
            whom = f"：{name}" if not self.register.guarded and (name := self._name()) else ""
            with self.office.act(ActKind.EDIT, f"{tr('修改') if self.record_id else tr('新建')}{self.register.label}{whom}") as act:
                saved = self.record_id or act.create(self.register, values)
                if self.record_id:
                    act.change(self.register, self.record_id, values)
        except Invalid as e:
            self._show_problems(list(e.problems))
            return False
        except UserError as e:
            self.banner.say(str(e))
            return False
        except IntegrityError:
            self.banner.say(tr("已经有一条一样的了（同一个人、同一场或同一工种只记一次），没有保存。"))
            return False
        self.record_id = saved
        self._settle()
        return True

    def _name(self) -> str:
        for name in (*self.register.called, "full_name", "topic", "name", "certificate_no", "form_no", "trade"):
            if name in self.editors and not field_of(self.register, name).kind.refers_to and self.editors[name].text():
                return self.editors[name].text()
        return self.heading.text() if self.record_id else ""

    def _show_problems(self, problems: list[Any]) -> bool:
        """At each field its first problem, errors before doubts; whether there is an error."""
        for editor in self.editors.values():
            editor.show_problem(None)
        first = None
        for problem in sorted(problems, key=lambda p: p.is_error):
            if problem.field in self.editors:
                self.editors[problem.field].show_problem(problem)
                if problem.is_error:
                    first = first or self.editors[problem.field]
        loose = [p.message for p in problems if p.is_error and p.field not in self.editors]
        wrong = any(p.is_error for p in problems)
        names = "、".join(dict.fromkeys(field_of(self.register, p.field).label for p in problems if p.is_error and p.field in self.editors))
        self.banner.say("".join(loose) if loose else tr("还没有保存，这几处要改：{names}。").format(names=names) if wrong else "")
        if first is not None:
            self._fields_area.ensureWidgetVisible(first, 0, px(40))
            first.focus()
        return wrong

    def leave(self) -> None:
        """Back to the list, which stands on the record that was open."""
        if self.may_leave():
            self._settle()
            self.closed.emit(self.record_id or "")

    def may_leave(self) -> bool:
        """Asks before edits are lost."""
        if not self.is_dirty:
            return True
        answer = QMessageBox.question(
            self, tr("还没有保存"), tr("改动还没有保存，要保存吗？"),
            QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Save,
        )
        if answer == QMessageBox.StandardButton.Save:
            return self.save()
        if answer == QMessageBox.StandardButton.Discard:
            self.open(self.record_id)  # what was typed and given up must not stay on the screen as if it were kept
            return True
        return False

    def _show_around(self, session: Any, record: Record | None) -> None:
        """What else a register's page shows of a record; nothing here."""

    def _show_history(self, session: Any, record: Record | None) -> None:
        heading = self.history.body.takeAt(0)
        clear(self.history.body)
        self.history.body.addItem(heading)
        self.history.setVisible(record is not None)
        if record is None:
            return
        for entry in history_of(session, self.register.__tablename__, record.id)[:30]:
            self.history.body.addWidget(label(f"{when(entry.at)}　{entry.who}　{said(self.register, entry.deed, entry.changes)}", "secondary", wrap=True))


def when(at: str) -> str:
    return moment_of(at).astimezone().strftime("%Y-%m-%d %H:%M")


def said(register: type[Record], deed: str, changes: str) -> str:
    """A journal row in words; sensitive values stay masked."""
    if deed != Deed.CHANGE:
        return {"create": tr("登记"), "remove": tr("删除"), "restore": tr("恢复"), "show": tr("查看了号码")}.get(deed, deed)
    if changes == ERASED:
        return tr("（已清除）")
    parts = []
    for name, (old, new) in json.loads(changes).items():
        f = field_of(register, name)
        shown = [tr("（空）") if v is None else tr("另一条") if isinstance(f.kind, Reference) else f.mask(f.from_wire(v)) for v in (old, new)]
        parts.append(f"{f.label} {shown[0]} → {shown[1]}")
    return "；".join(parts)
