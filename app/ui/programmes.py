"""What the programmes' registers can do besides editing: buttons on their pages, by register. The work is in the services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QInputDialog, QPushButton, QTableWidget, QTableWidgetItem, QWidget

from app.services import funds, listing, trainings
from app.services.listing import Hit
from app.ui import errors
from app.ui.claims_dialog import ClaimsDialog
from app.ui.dialog import FramedDialog
from app.ui.people_dialog import PeopleDialog
from app.ui.register.editors import LineEditor
from app.ui.score_sheet import ScoreSheet
from app.ui.text import tr
from app.ui.widgets import ColouredDelegate, button, label, row
from db.fields import MOMENT, TEXT, Field, Pii
from db.problems import Problem, UserError
from db.record import Record
from db.registers import BudgetLine, Competition, Enrolment, LedgerEntry, Member, SubsidyApplication, Training

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow


class Programmes:
    """Acts on what is selected in the programmes' registers."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def buttons_of(self, register: type[Record]) -> list[QPushButton]:
        """The register's own buttons, for the head of its page."""
        offered: Mapping[type[Record], tuple[tuple[str, str, Callable[[], object]], ...]] = {
            Competition: ((tr("成绩…"), "list-checks", self.scores),),
            SubsidyApplication: ((tr("看谁能申请…"), "user-check", self.survey_claims), (tr("记发放…"), "banknote", self.pay)),
            Training: ((tr("学员"), "users", self.students), (tr("加学员…"), "user-plus", self.enrol), (tr("安排上课…"), "calendar-days", self.sitting), (tr("结业"), "graduation-cap", self.settle_training)),
            LedgerEntry: ((tr("冲销…"), "undo-2", self.reverse), (tr("余额"), "table-2", self.show_balances)),
        }
        return [button(text, do, icon_name=icon) for text, icon, do in offered.get(register, ())]

    def _one(self, register: type[Record]) -> str | None:
        ids = self.window.register_page(register.__tablename__).chosen_ids()
        if len(ids) > 1:
            self.window.toast.say(tr("一次只能办一{counter}{what}，现在选了 {n} {counter}。").format(counter=register.counter, what=register.label, n=len(ids)))
            return None
        if not ids:
            self.window.toast.say(tr("请先在列表里选一{counter}{what}。").format(counter=register.counter, what=register.label))
            return None
        return ids[0]

    # -- competitions and claims

    def scores(self) -> None:
        if competition := self._one(Competition):
            ScoreSheet(self.window, self.window.office, competition).exec()
            self.window.register_page(Competition.__tablename__).refresh()

    def survey_claims(self) -> None:
        """Who may claim; the applications made are shown."""
        dialog = ClaimsDialog(self.window, self.window.office)
        if dialog.exec() and dialog.proposed is not None:
            made = dialog.proposed
            self.window.go(SubsidyApplication.__tablename__)
            page = self.window.register_page(SubsidyApplication.__tablename__)
            page.refresh()
            page.select(made.made)
            refused = tr("；{n} 份没有建：{why}").format(n=len(made.refused), why=made.refused[0][1]) if made.refused else ""
            self.window.say_done(tr("建了 {n} 份申请{refused}").format(n=len(made.made), refused=refused))

    def pay(self) -> None:
        """Book the payment of an approved claim on a budget line."""
        if (claim := self._one(SubsidyApplication)) is None:
            return
        try:
            with self.window.office.vault.engine.connect() as connection:
                due = funds.next_payment(connection, claim)
        except UserError as e:
            errors.show(self.window, e)
            return
        with self.window.office.vault.engine.connect() as connection:
            lines = {f"{b.year} {b.name}（{tr('还剩')} {b.left:,.2f}）": b.line for b in funds.balances(connection)}
        names = [tr("不对应预算"), *lines]
        chosen, ok = QInputDialog.getItem(self.window, tr("记发放"), tr("{part}{amount:,.2f} 元，记到哪一行预算").format(part=f"{due.words}，" if due.words else "", amount=due.amount), names, 1 if lines else 0, False)
        if ok:
            self._do(partial(funds.pay_claim, self.window.office, claim, budget_line=lines.get(chosen)), tr("已记入经费台账。"))

    # -- trainings

    def students(self) -> None:
        """The class's list."""
        if training := self._one(Training):
            self.window.registers.narrow(Enrolment, {"training": training}, tr("学员：{title}"), Training, training, empty=tr("返回培训班，点“加学员…”；外单位的人按 Ctrl+N 一位一位加。"))

    def enrol(self) -> None:
        """People into the class; those whom the clerk selected in the roster, when they are several, stand there already."""
        if (training := self._one(Training)) is None:
            return
        office = self.window.office

        def act(members: list[str]) -> tuple[int, list[str]]:
            done = trainings.enrol(office, training, members)
            return len(done.made), [why for _, why in done.refused]

        with office.reading() as session:
            title = listing.titles(session, Training.__tablename__, [training])[training]
        dialog = PeopleDialog(self.window, office, tr("加学员"), title, tr("加进这个班"), act)
        chosen = self.window.register_page(Member.__tablename__).selected_ids() if Member.__tablename__ in self.window.pages else []
        if len(chosen) > 1:
            with office.reading() as session:
                names = listing.titles(session, Member.__tablename__, chosen)
            dialog.take([Hit(Member.__tablename__, member, names.get(member, ""), tr("名册里选中的")) for member in chosen])
        dialog.exec()
        if dialog.done_count:
            self.window.say_done(tr("加了 {n} 人").format(n=dialog.done_count))

    def sitting(self) -> None:
        if training := self._one(Training):
            dialog = SittingDialog(self.window)
            if dialog.exec() and (starts := dialog.starts_at()) is not None:
                self._do(lambda: trainings.open_sitting(self.window.office, training, starts, dialog.place.text()), tr("已安排。到公益大讲堂里可以打开签到，学员就是名单。"))

    def settle_training(self) -> None:
        if training := self._one(Training):
            self._do(lambda: self._settled(training), "")

    def _settled(self, training: str) -> None:
        done = trainings.settle(self.window.office, training)
        with self.window.office.vault.engine.connect() as connection:
            each = trainings.cost_per_head(connection, training)
        cost = tr("，人均 {each:,.2f} 元").format(each=each) if each is not None else ""
        self.window.say_done(tr("结业 {a} 人，未结业 {b} 人，{c} 人还没有考核成绩{cost}。").format(a=done.passed, b=done.failed, c=done.waiting, cost=cost))

    # -- funds

    def reverse(self) -> None:
        if entry := self._one(LedgerEntry):
            with self.window.office.vault.engine.connect() as connection:
                if said := funds.why_not_reversed(connection, entry):
                    errors.show(self.window, UserError(said))
                    return
            why, ok, ask = "", True, tr("为什么冲销这一笔")
            while ok and not why.strip():
                why, ok = QInputDialog.getText(self.window, tr("冲销"), ask)
                ask = tr("要写原因：为什么冲销这一笔")
            if ok:
                self._do(lambda: funds.reverse(self.window.office, entry, why), tr("已冲销，请再记一笔对的。"))

    def show_balances(self) -> None:
        with self.window.office.vault.engine.connect() as connection:
            found = funds.balances(connection)
        dialog = BalancesDialog(self.window, found)
        dialog.line_wanted.connect(lambda line: self.window.registers.narrow(LedgerEntry, {"budget_line": line}, tr("台账：{title}"), BudgetLine, line))
        dialog.exec()

    def _do(self, work: Callable[[], object], said: str) -> None:
        try:
            work()
        except UserError as e:
            errors.show(self.window, e)
            return
        if said:
            self.window.say_done(said)


class SittingDialog(FramedDialog):
    """When and where the class sits."""

    def __init__(self, parent: MainWindow) -> None:
        super().__init__(parent, tr("安排上课"), 460, 220)
        self.when = LineEditor(Field(label=tr("时间"), kind=MOMENT, pii=Pii.NONE, name="starts_at", hint="2026-11-20 14:00"))
        self.place = LineEditor(Field(label=tr("地点"), kind=TEXT, pii=Pii.NONE, name="place", hint=tr("空着就用培训班的地点")))
        for words, editor in ((tr("时间"), self.when), (tr("地点"), self.place)):
            self.box.addLayout(row(label(words), editor, wide=editor))
        self.box.addStretch(1)
        self.foot(tr("安排"))

    def starts_at(self) -> datetime | None:
        """None where it is no time."""
        value: datetime | None = MOMENT.read(self.when.text()).value
        return value

    def accept(self) -> None:
        starts = self.starts_at()
        if starts is None or (starts.astimezone().hour == starts.astimezone().minute == 0 and "0:00" not in self.when.text()):
            self.when.show_problem(Problem("wanted", tr("请写哪天几点，例如 2026-11-20 14:00。"), "starts_at"))
            self.when.focus()
            return
        super().accept()


class BalancesDialog(FramedDialog):
    """Every budget line with what was received and paid, and a total. `line_wanted`: the one whose bookings are to be seen."""

    line_wanted = Signal(str)

    def __init__(self, parent: QWidget, found: Sequence[funds.Balance]) -> None:
        super().__init__(parent, tr("预算和余额"), 900, 460)
        heads = (tr("年度"), tr("预算项目"), tr("预算"), tr("收入"), tr("支出"), tr("预算还剩"), tr("手头结余"), tr("人均"))
        lines = [[str(b.year), b.name, *(f"{n:,.2f}" for n in (b.budget, b.received, b.paid, b.left, b.in_hand)), f"{b.per_head:,.2f}" if b.per_head is not None else ""] for b in found]
        if len(found) > 1:
            sums = [sum(values, Decimal(0)) for values in zip(*((b.budget, b.received, b.paid, b.left, b.in_hand) for b in found), strict=True)]
            lines.append(["", tr("合计"), *(f"{n:,.2f}" for n in sums), ""])
        self.table = QTableWidget(len(lines), len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setItemDelegate(ColouredDelegate(self.table))
        self.table.setAccessibleName(tr("预算和余额"))
        self.table.setToolTip(tr("双击或按回车看这一行的每一笔。"))
        self._lines = [b.line for b in found]
        self.table.setCurrentCell(0, 0)
        self.table.setFocus()
        self.table.itemActivated.connect(lambda item: self.open_line(item.row()))
        self.table.verticalHeader().hide()
        for r, line in enumerate(lines):
            for c, text in enumerate(line):
                item = QTableWidgetItem(text)
                if c >= 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        for c in range(len(heads)):
            self.table.horizontalHeader().setSectionResizeMode(c, QHeaderView.ResizeMode.ResizeToContents)
            if c >= 2 and (head := self.table.horizontalHeaderItem(c)) is not None:
                head.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.box.addWidget(self.table, 1)
        if not found:
            self.box.addWidget(label(tr("还没有预算。到“预算”里按 Ctrl+N 建一行。"), "secondary"))
        self.box.addLayout(row(None, button(tr("关闭"), self.accept, primary=True)))

    def open_line(self, place: int) -> None:
        """The bookings on a budget line."""
        if place < len(self._lines):
            self.accept()
            self.line_wanted.emit(self._lines[place])
