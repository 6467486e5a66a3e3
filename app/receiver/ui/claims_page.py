"""审批: applications of all offices, decided one by one or many at a time; and records that wait for a person."""

from collections.abc import Sequence

from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLineEdit, QVBoxLayout, QWidget

from app.receiver import decisions, overview
from app.receiver.decisions import APPROVED, PAID, REASONS, REFUSED, RETURNED, Application, Waiting
from app.receiver.district import Receiver
from app.receiver.ui.offices_page import street_combo
from app.receiver.ui.parts import Column, DistrictPage, Grid, yuan
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.widgets import Card, QuietCombo, button, label, row
from db.registers import register_named

TONES = {APPROVED: "good", PAID: "good", REFUSED: "bad", RETURNED: "warn"}


class ReasonsDialog(FramedDialog):
    """Why applications go back or are refused: ready-made words, and one's own."""

    enter_accepts = False

    def __init__(self, title: str, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent, title, 560, 520)
        box = QVBoxLayout(self.scrolled())
        box.addWidget(label(tr("{n} 份申请。单位会看到这里写的原因。").format(n=count), wrap=True))
        self.ticks = [QCheckBox(reason) for reason in REASONS]
        for tick in self.ticks:
            box.addWidget(tick)
        self.note = QLineEdit()
        self.note.setPlaceholderText(tr("别的原因"))
        self.note.setAccessibleName(tr("别的原因"))
        box.addWidget(self.note)
        box.addStretch(1)
        self.box.addWidget(self.banner)
        self.foot(title)

    @property
    def reasons(self) -> list[str]:
        return [tick.text() for tick in self.ticks if tick.isChecked()]


class AmountDialog(FramedDialog):
    """What is approved of one application."""

    def __init__(self, claim: Application, parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("批准"), 460, 260)
        box = QVBoxLayout(self.scrolled())
        box.addWidget(label(f"{claim.applicant}　{claim.occupation} {claim.level}", "section", wrap=True))
        box.addWidget(label(tr("申请 {amount} 元，核定：").format(amount=yuan(claim.amount))))
        self.amount = QDoubleSpinBox()
        self.amount.setRange(0.01, max(claim.amount / 100, 0.01))
        self.amount.setValue(claim.amount / 100)
        self.amount.setSuffix(tr(" 元"))
        self.amount.setAccessibleName(tr("核定金额"))
        box.addWidget(self.amount)
        box.addStretch(1)
        self.foot(tr("批准"))


class ClaimsPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("补贴审批"))
        self.state = QuietCombo()
        self.state.setAccessibleName(tr("哪些申请"))
        for title, wanted in ((tr("还没有定的"), None), (tr("已批准"), APPROVED), (tr("退回补正"), RETURNED), (tr("不批准"), REFUSED), (tr("已发放"), PAID), (tr("全部申请"), "")):
            self.state.addItem(title, wanted)
        self.state.currentIndexChanged.connect(lambda _n: self.arrived())
        self.street = street_combo(overview.streets(receiver))
        self.street.currentIndexChanged.connect(lambda _n: self.arrived())
        self.grid = Grid(tr("申请"), [
            Column(tr("编号"), 150, lambda a: a.form_no), Column(tr("单位"), 220, lambda a: a.office_name), Column(tr("申请人"), 90, lambda a: a.applicant), Column(tr("工种等级"), 190, lambda a: f"{a.occupation} {a.level}"),
            Column(tr("申请金额"), 100, lambda a: yuan(a.amount), right=True), Column(tr("结果"), 90, lambda a: a.decided or tr("未审"), lambda a: TONES.get(a.decided, "")),
            Column(tr("核定"), 100, lambda a: yuan(a.approved), right=True), Column(tr("初审意见"), 150, lambda a: a.opinion), Column(tr("原因、经手"), 200, lambda a: "；".join((*a.reasons, a.operator)) if a.operator else ""),
        ], many=True, empty=tr("这里没有申请。单位报送的补贴申请，合并以后在这里审批。"))
        self.grid.moved.connect(self._show_chosen)
        self.sum_line = label("", "secondary")
        self.approve_button = button(tr("批准"), self.approve, icon_name="check", primary=True, key="Ctrl+Return")
        self.return_button = button(tr("退回补正…"), lambda: self._with_reasons(RETURNED), icon_name="undo-2")
        self.refuse_button = button(tr("不批准…"), lambda: self._with_reasons(REFUSED), danger=True)
        self.paid_button = button(tr("已发放"), lambda: self.decide(PAID))
        self.body.addLayout(row(self.state, self.street, None, self.sum_line))
        self.body.addWidget(self.grid, 1)
        self.body.addLayout(row(None, self.paid_button, self.refuse_button, self.return_button, self.approve_button))

    def first_focus(self) -> QWidget:
        return self.grid

    def arrived(self) -> None:
        wanted = self.state.currentData()
        states = decisions.UNDECIDED if wanted is None else [wanted] if wanted else None
        self.grid.fill(decisions.applications(self.receiver, states=states, street=self.street.currentData(), limit=5000))
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen: Sequence[Application] = self.grid.chosen
        self.sum_line.setText(tr("共 {all} 份，选中 {n} 份，申请 {amount} 元").format(all=len(self.grid.items), n=len(chosen), amount=yuan(sum(a.amount for a in chosen))))
        for part, state in ((self.approve_button, APPROVED), (self.return_button, RETURNED), (self.refuse_button, REFUSED), (self.paid_button, PAID)):
            part.setEnabled(bool(chosen) and all(a.decided in decisions.FOLLOWS[state] for a in chosen))

    def approve(self) -> None:
        """One: its amount is asked. Several: each gets what was applied for."""
        chosen: Sequence[Application] = self.grid.chosen
        if len(chosen) != 1:
            self.decide(APPROVED)
            return
        dialog = AmountDialog(chosen[0], self)
        if dialog.exec():
            self.decide(APPROVED, amount=round(dialog.amount.value() * 100))

    def _with_reasons(self, state: str) -> None:
        dialog = ReasonsDialog(state, len(self.grid.chosen), self)
        while dialog.exec():
            if dialog.reasons or dialog.note.text().strip():
                self.decide(state, reasons=dialog.reasons, note=dialog.note.text())
                return
            dialog.banner.say(tr("请勾一条原因，或者写一句，单位才知道怎么办。"))

    def decide(self, state: str, *, amount: int | None = None, reasons: Sequence[str] = (), note: str = "") -> None:
        chosen: Sequence[Application] = self.grid.chosen
        keys = [(a.office, a.id) for a in chosen]
        seen = {(a.office, a.id): a.decided for a in chosen}
        self.trying(lambda: decisions.decide(self.receiver, keys, state, amount=amount, reasons=reasons, note=note, seen=seen), tr("{n} 份申请：{state}。单位读入下一份回执就知道。").format(n=len(keys), state=state))
        self.grid.setFocus()


class WaitingPage(DistrictPage):
    """Office and district do not agree: both words side by side, and a person chooses."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("等人决定"))
        self.grid = Grid(tr("等人决定的记录"), [
            Column(tr("单位"), 240, lambda w: w.office_name), Column(tr("种类"), 100, lambda w: register_named(w.register).label), Column(tr("记录"), 160, lambda w: w.title), Column(tr("为什么"), 300, lambda w: w.message),
        ], many=True, empty=tr("没有等人决定的记录。单位和区里的资料不一致时，会在这里逐条定。"))
        self.grid.moved.connect(self._show_one)
        self.both = Grid(tr("两边的内容"), [Column(tr("项目"), 160, lambda r: r[0]), Column(tr("单位的"), 300, lambda r: r[1]), Column(tr("区里的"), 300, lambda r: r[2])])
        card = Card(tr("两边不一样的地方"))
        card.body.addWidget(self.both)
        self.theirs = button(tr("收下单位的"), lambda: self.settle(take_theirs=True), icon_name="check", primary=True)
        self.ours = button(tr("保留区里的，让单位改回"), lambda: self.settle(take_theirs=False), icon_name="undo-2")
        self.body.addWidget(self.grid, 1)
        self.body.addWidget(card, 1)
        self.body.addLayout(row(None, self.ours, self.theirs))

    def first_focus(self) -> QWidget:
        return self.grid

    def arrived(self) -> None:
        self.grid.fill(decisions.waiting(self.receiver))
        self._show_one()

    def _show_one(self) -> None:
        one: Waiting | None = self.grid.one
        self.both.fill([] if one is None else [(tr("整条"), tr("没有这一条"), tr("有"))] if one.they_removed else one.differing())
        for part in (self.theirs, self.ours):
            part.setEnabled(bool(self.grid.chosen))

    def settle(self, *, take_theirs: bool) -> None:
        chosen: Sequence[Waiting] = self.grid.chosen

        def all_of_them() -> None:
            for one in chosen:
                decisions.settle(self.receiver, one.office, one.register, one.id, take_theirs=take_theirs)

        self.trying(all_of_them, tr("{n} 条已定。单位读入下一份回执就知道。").format(n=len(chosen)))
        self.grid.setFocus()

