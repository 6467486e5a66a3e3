"""A lecture's page: its fields, and beside them where it stands: each step with what it still wants and what it prints."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QMessageBox, QPushButton, QScrollArea, QVBoxLayout, QWidget
from sqlalchemy import func, select

from app.printing import template
from app.services import paperwork
from app.services.checkin import after
from app.services.lectures import invite, life, papers
from app.services.lectures.life import Step
from app.services.office import Office
from app.ui import errors
from app.ui.lecture.doors import DoorsDialog
from app.ui.lecture.invite import InviteDialog
from app.ui.lecture.paper_entry import PaperEntryDialog
from app.ui.lecture.photos import PhotosDialog
from app.ui.lecture.tray import TrayDialog, ask_import
from app.ui.register.side_page import SidePage
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, EmptyState, Icon, button, clear, label, row
from db.door_tables import DoorPc, LecturePhoto, SignInTray
from db.problems import UserError
from db.record import Record
from db.registers import Lecture, Registration

_DOES: Mapping[str, str] = {"计划": "", "通知": "转到：已通知", "签到中": "", "结束": "转到：已结束", "已反馈": "转到：已反馈"}


class LecturePage(SidePage):
    """`door_wanted` asks for the door of a lecture, `rows_wanted` for the rows of another register that belong to it: (register, lecture's id, title)."""

    first = True
    door_wanted = Signal(str)
    rows_wanted = Signal(str, str, str)

    def __init__(self, office: Office) -> None:
        super().__init__(office, Lecture, width=400)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, px(6), 0)
        self._column.setSpacing(px(10))
        self._area.setWidget(inner)
        self.beside.addWidget(self._area, 1)
        self.acts: dict[str, QPushButton] = {}
        """The buttons of the steps by their words, for keys and tests."""
        self.lay(beside=False)

    def tall(self) -> QWidget | None:
        return self._area

    def _show_around(self, session: Any, record: Record | None) -> None:
        super()._show_around(session, record)
        clear(self._column)
        self._now = None
        self.acts.clear()
        if record is None:
            self.aside.setVisible(True)
            self._column.addWidget(EmptyState("presentation", tr("先保存"), tr("填好左边、按 Ctrl+S，这里就会列出通知、名单、签到、反馈每一步要办的事。")))
            return
        connection = session.connection()
        try:
            steps = life.steps(connection, record.id)
        except UserError:
            return  # it was removed while its page was open; the banner of the next act says so
        attendances, people = after.headcount(connection, record.id)
        least = after.proof_of(connection, record.id)

        def count(table: Any, of: Any) -> int:
            return int(session.execute(select(func.count()).select_from(table).where(of == record.id)).scalar_one())

        listed = int(session.execute(select(func.count()).select_from(Registration).where(Registration.lecture == record.id, Registration.removed_at.is_(None))).scalar_one())
        seats = life.seats(connection, record.id).sentence
        notes = {
            "通知": seats, "签到中": tr("{n} 人次，{m} 人{proof}").format(n=attendances, m=people, proof=tr("，够 {n} 人").format(n=least) if people >= least else "") if attendances else "",
            "名单": tr("名单 {n} 人").format(n=listed) if listed else tr("没有名单：在册会员都可以来。"),
        }
        waiting, doors, photos = count(SignInTray, SignInTray.lecture), count(DoorPc, DoorPc.lecture), count(LecturePhoto, LecturePhoto.lecture)
        for step in steps:
            if step.state == "签到中":
                self._part(None, tr("参加名单"), notes["名单"], (), self._list_acts(listed))
            card = self._part(step, tr(step.title), notes.get(step.state, ""), step.missing, self._acts_of(step, waiting, doors, photos, attendances))
            if step.is_now:
                self._now = card
        self._column.addStretch(1)
        place = self._area.verticalScrollBar().value()
        if self._shown_for == record.id:
            QTimer.singleShot(0, lambda: self._area.verticalScrollBar().setValue(place))
        else:
            self._shown_for = record.id
            QTimer.singleShot(50, self._scroll_to_now)

    def _scroll_to_now(self) -> None:
        if self._now is not None:
            self._area.ensureWidgetVisible(self._now, 0, px(8))

    _now: Card | None = None
    _shown_for = ""
    """Whose steps stand there: on another lecture the step it is at comes into view."""

    def _part(self, step: Step | None, title: str, note: str, missing: tuple[str, ...], acts: Mapping[str, tuple[str, Callable[[], object]]]) -> Card:
        card = Card(padding=14, spacing=6)
        icon, tone = ("circle-check", "good") if step and step.reached and not step.is_now else ("circle-help", "accent") if step and step.is_now else ("list-checks" if step is None else "clock", "secondary")
        card.body.addLayout(row(Icon(icon if not (step and step.is_now) else "chevron-right", tone, 18), label(title, "section"), None, label(tr("现在"), "accentWord") if step and step.is_now else None))
        if note:
            card.body.addWidget(label(note, "secondary", wrap=True))
        if missing:
            card.body.addWidget(label(tr("还缺：{what}").format(what="、".join(missing)), "doubt", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(8))
        grid.setVerticalSpacing(px(6))
        for n, (words, (icon_name, do)) in enumerate(acts.items()):
            made = button(words, do, icon_name=icon_name)
            self.acts[words] = made
            grid.addWidget(made, n // 2, n % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        card.body.addLayout(grid)
        self._column.addWidget(card)
        return card

    def _list_acts(self, listed: int) -> dict[str, tuple[str, Callable[[], object]]]:
        acts: dict[str, tuple[str, Callable[[], object]]] = {tr("从名册选人…"): ("user-plus", self.invite), tr("看名单"): ("list-checks", partial(self._rows, "registration", tr("参加名单：{title}")))}
        if listed:
            acts |= {tr("打印名单"): ("printer", self.print_list), tr("签到证"): ("qr-code", self.print_badges), tr("清空名单"): ("eraser", self.strike)}
        return acts

    def _acts_of(self, step: Step, waiting: int, doors: int, photos: int, attendances: int) -> dict[str, tuple[str, Callable[[], object]]]:
        does = {tr(_DOES[step.state]): ("chevron-right", partial(self.go_to, step.state))} if _DOES[step.state] and not step.reached else {}
        if step.reached and not step.is_now:
            does = {tr("退回：{step}").format(step=tr(step.title)): ("undo-2", partial(self.go_to, step.state))}
        paper = partial(self._print)
        if step.state == "计划":
            return {tr("申办表"): ("file-text", partial(paper, "lecture_application", papers.application)), tr("场次和会场"): ("calendar-days", partial(self._rows, "lecture_session", tr("场次：{title}"))), **does}
        if step.state == "通知":
            return {tr("通知"): ("bell", partial(paper, "lecture_notice", papers.notice)), **does}
        if step.state == "签到中":
            more = tr("别的签到处（{n}）…").format(n=doors) if doors else tr("另设签到处…")
            opens = {} if step.reached and not step.is_now else {tr("打开签到"): ("door-open", self.ask_door)}
            return {**opens, more: ("usb", self.show_doors), tr("看签到"): ("clipboard-check", partial(self._rows, "sign_in", tr("签到：{title}"))), **does}
        if step.state == "结束":
            tray = {tr("待定 {n} 行…").format(n=waiting): ("inbox", self.show_tray)} if waiting else {}
            return {
                **does, tr("纸质录入／补签…"): ("keyboard", self.enter_paper), tr("导入签到…"): ("import", self.ask_import), **tray, tr("签到表"): ("printer", partial(paper, "sign_in_sheet", paperwork.sign_in_contexts)),
                **({tr("参加证明"): ("award", partial(paper, "attendance_certificate", papers.certificates))} if attendances else {}),
            }
        return {(tr("照片（{n}）…").format(n=photos) if photos else tr("照片…")): ("image", self.show_photos), tr("反馈表"): ("file-text", partial(paper, "activity_report", papers.report)), **does}

    # -- what the buttons do

    def again(self) -> None:
        """Show anew what hangs on the lecture, and its state; what is being typed stays."""
        if self.record_id is None:
            return
        held = next((words for words, made in self.acts.items() if made.hasFocus()), None)
        with self.office.reading() as session:
            record = session.scalars(select(Lecture).where(Lecture.id == self.record_id)).first()
            if record is None:
                return
            if self.editors["state"].state() == self._as_loaded.get("state"):
                self.editors["state"].set_text(record.state or "")
                self._loaded["state"], self._as_loaded["state"] = self.editors["state"].text(), self.editors["state"].state()
            self._show_around(session, record)
        if held is not None and self._now is not None:  # the button that was pressed is gone with its card: the keyboard stays among the steps
            (self.acts.get(held) or self._now.findChild(QPushButton) or self.back).setFocus()

    def _saved(self) -> bool:
        """What is printed or asked about is what is stored: unsaved fields are saved first, and the page stays."""
        if not self.is_dirty:
            return self.record_id is not None
        buttons = QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Cancel
        if QMessageBox.question(self, tr("还没有保存"), tr("左边改过的还没有保存，先保存再办吗？"), buttons, QMessageBox.StandardButton.Save) != QMessageBox.StandardButton.Save:
            return False
        return self.store()

    def save(self) -> bool:
        """A new lecture stays open: what there is to do next stands beside it."""
        is_new = self.record_id is None
        if not is_new:
            return super().save()
        if not self.store():
            return False
        self.open(self.record_id)
        self.said.emit(tr("已保存。右边是接下来要办的事。"))
        return True

    def _print(self, form: str, make: Callable[[Office, str], template.Context | list[template.Context]]) -> None:
        if not self._saved() or self.record_id is None:
            return
        try:
            made = make(self.office, self.record_id)
            contexts = made if isinstance(made, list) else [made]
            pdf = paperwork.render(self.office, form, contexts)
        except UserError as e:
            errors.show(self, e)
            return
        self.pdf_ready.emit(pdf, paperwork.form_named(self.office, form).title, paperwork.unprintable(self.office, form, contexts))

    def go_to(self, state: str) -> None:
        """Take the lecture to this step."""
        if not self._saved() or self.record_id is None:
            return
        try:
            life.move(self.office, self.record_id, state)
        except UserError as e:
            self.banner.say(str(e), "warn")
            return
        self.banner.say("")
        self.again()
        if self._now is not None and (first := self._now.findChild(QPushButton)) is not None:
            first.setFocus()

    def _rows(self, register: str, title: str) -> None:
        self.rows_wanted.emit(register, self.record_id, title.format(title=self.heading.text()))

    def _dialog(self, dialog: Any) -> None:
        dialog.exec()
        self.again()

    def ask_door(self) -> None:
        if self._saved():
            self.door_wanted.emit(self.record_id)

    def invite(self) -> None:
        if self.record_id:
            self._dialog(InviteDialog(self, self.office, self.record_id))

    def strike(self) -> None:
        """Take everybody off the list who has not come; Ctrl+Z puts them back."""
        if self.record_id:
            count = invite.strike(self.office, self.record_id)
            self.said.emit(tr("从名单上划掉了 {n} 人；已经签到的留着。可以撤销。").format(n=count))
            self.again()

    def print_list(self) -> None:
        if self.record_id:
            heads, widths, rows = papers.list_rows(self.office, self.record_id)
            self.pdf_ready.emit(paperwork.list_sheet(self.office, tr("参加名单：{title}").format(title=self.heading.text()), heads, widths, rows, numbered=False), tr("参加名单"), None)

    def print_badges(self) -> None:
        self._print("badge", lambda office, lecture: papers.badges(office, papers.listed(office, lecture)))

    def show_doors(self) -> None:
        if self._saved() and self.record_id:
            self._dialog(DoorsDialog(self, self.office, self.record_id, show_pdf=lambda pdf, title: self.pdf_ready.emit(pdf, title, None)))

    def enter_paper(self) -> None:
        if self.record_id:
            self._dialog(PaperEntryDialog(self, self.office, self.record_id))

    def ask_import(self) -> None:
        if self.record_id and (said := ask_import(self, self.office, self.record_id)):
            self.said.emit(said)
            self.again()

    def show_tray(self) -> None:
        if self.record_id:
            self._dialog(TrayDialog(self, self.office, self.record_id))

    def show_photos(self) -> None:
        if self.record_id:
            self._dialog(PhotosDialog(self, self.office, self.record_id))


