"""What the programmes' registers can do besides editing: buttons on their pages, by register. The work is in the services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog, QPushButton

from app.services import funds, trainings
from app.ui import errors
from app.ui.claims_dialog import ClaimsDialog
from app.ui.dialog import FramedDialog
from app.ui.register.editors import LineEditor
from app.ui.score_sheet import ScoreSheet
from app.ui.text import tr
from app.ui.widgets import button, label, row
from db.fields import MOMENT, TEXT, Field, Pii
from db.problems import UserError
from db.record import Record
from db.registers import Competition, Enrolment, LedgerEntry, Member, SubsidyApplication, Training

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
            Training: ((tr("学员…"), "user-plus", self.enrol), (tr("安排上课…"), "calendar-days", self.sitting), (tr("结业"), "graduation-cap", self.settle_training)),
            LedgerEntry: ((tr("冲销…"), "undo-2", self.reverse), (tr("余额"), "table-2", self.show_balances)),
        }
        return [button(text, do, icon_name=icon) for text, icon, do in offered.get(register, ())]

    def _one(self, register: type[Record]) -> str | None:
        ids = self.window.register_page(register.__tablename__).chosen_ids()
        if len(ids) != 1:
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
            refused = tr("；{n} 份没有建：{why}").format(n=len(made.refused), why=made.refused[0][1]) if made.refused else ""
            self.window.toast.say(tr("建了 {n} 份申请{refused}").format(n=len(made.made), refused=refused))

    def pay(self) -> None:
        """Book the payment of an approved claim on a budget line."""
        if (claim := self._one(SubsidyApplication)) is None:
            return
        with self.window.office.vault.engine.connect() as connection:
            lines = {f"{b.year} {b.name}（{tr('还剩')} {b.left:,.2f}）": b.line for b in funds.balances(connection)}
        names = [tr("不对应预算"), *lines]
        chosen, ok = QInputDialog.getItem(self.window, tr("记发放"), tr("记到哪一行预算"), names, 1 if lines else 0, False)
        if ok:
            self._do(partial(funds.pay_claim, self.window.office, claim, budget_line=lines.get(chosen)), tr("已记入经费台账。"))

    # -- trainings

    def enrol(self) -> None:
        """The class's list; with members selected in the roster, these are enrolled."""
        if (training := self._one(Training)) is None:
            return
        chosen = self.window.register_page(Member.__tablename__).selected_ids() if Member.__tablename__ in self.window.pages else []
        if chosen:
            question = tr("把名册里选中的 {n} 人加进这个班").format(n=len(chosen))
            answer, ok = QInputDialog.getItem(self.window, tr("学员"), tr("要做什么"), [question, tr("看学员名单")], 0, False)
            if not ok:
                return
            if answer == question:
                done = trainings.enrol(self.window.office, training, chosen)
                refused = tr("；{n} 人没有加：{why}").format(n=len(done.refused), why=done.refused[0][1]) if done.refused else ""
                self.window.toast.say(tr("加了 {n} 人{refused}").format(n=len(done.made), refused=refused))
        self.window.registers.narrow(Enrolment, {"training": training}, tr("学员：{title}"), Training, training, empty=tr("到会员名册里选好人，再回来点“学员…”；外单位的人按 Ctrl+N 一位一位加。"))

    def sitting(self) -> None:
        if training := self._one(Training):
            dialog = SittingDialog(self.window)
            if dialog.exec():
                self._do(lambda: trainings.open_sitting(self.window.office, training, dialog.starts_at(), dialog.place.text()), tr("已安排。到公益大讲堂里可以打开签到，学员就是名单。"))

    def settle_training(self) -> None:
        if training := self._one(Training):
            self._do(lambda: self._settled(training), "")

    def _settled(self, training: str) -> None:
        done = trainings.settle(self.window.office, training)
        with self.window.office.vault.engine.connect() as connection:
            each = trainings.cost_per_head(connection, training)
        cost = tr("，人均 {each:,.2f} 元").format(each=each) if each is not None else ""
        self.window.toast.say(tr("结业 {a} 人，未结业 {b} 人，{c} 人还没有考核成绩{cost}。").format(a=done.passed, b=done.failed, c=done.waiting, cost=cost))

    # -- funds

    def reverse(self) -> None:
        if entry := self._one(LedgerEntry):
            why, ok = QInputDialog.getText(self.window, tr("冲销"), tr("为什么冲销这一笔"))
            if ok:
                self._do(lambda: funds.reverse(self.window.office, entry, why), tr("已冲销，请再记一笔对的。"))

    def show_balances(self) -> None:
        with self.window.office.vault.engine.connect() as connection:
            found = funds.balances(connection)
        dialog = FramedDialog(self.window, tr("预算和余额"), 720, 420)
        for b in found:
            each = tr("，人均 {each:,.2f}").format(each=b.per_head) if b.per_head is not None else ""
            words = tr("预算 {a:,.2f}，收入 {r:,.2f}，支出 {p:,.2f}，还剩 {left:,.2f}{each}").format(a=b.budget, r=b.received, p=b.paid, left=b.left, each=each)
            dialog.box.addLayout(row(label(f"{b.year}　{b.name}"), None, label(words, "secondary")))
        if not found:
            dialog.box.addWidget(label(tr("还没有预算。到“预算”里按 Ctrl+N 建一行。"), "secondary"))
        dialog.box.addStretch(1)
        dialog.box.addLayout(row(None, button(tr("关闭"), dialog.accept, primary=True)))
        dialog.exec()

    def _do(self, work: Callable[[], object], said: str) -> None:
        try:
            work()
        except UserError as e:
            errors.show(self.window, e)
            return
        if said:
            self.window.toast.say(said)


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

    def starts_at(self) -> datetime:
        """UserError where it is no time."""
        value = MOMENT.read(self.when.text()).value
        if value is None:
            raise UserError(tr("请填上课时间，例如 2026-11-20 14:00。"))
        return value  # type: ignore[no-any-return]  # an instant
