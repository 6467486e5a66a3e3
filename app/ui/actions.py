"""What the registers' own buttons do: doors, sign-in sheets, entries, applications. The window routes to here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu
from sqlalchemy import select

from app.services import form_jobs, merging, paperwork
from app.services.checkin.door import open_lecture
from app.services.claims import making
from app.services.lectures import papers
from app.services.records import Invalid
from app.services.roster.matching import Matcher, Near, pairs_in_roster
from app.ui import errors, jobs
from app.ui.entry_dialog import EntryDialog
from app.ui.kiosk.door import DoorWindow
from app.ui.lecture.open_door import OpenDoorDialog
from app.ui.lecture.year import YearDialog
from app.ui.pair import DIFFERENT, LATER, PairDialog
from app.ui.register.person_page import EventDialog, names_of
from app.ui.register.related_page import RelatedPage
from app.ui.text import tr
from app.ui.widgets import Page
from app.ui.word_blanks import WordBlanks
from db.problems import UserError
from db.record import Record
from db.registers import Competition, Lecture, LectureSession

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow
    from app.ui.register.page import RegisterPage

MANY = 20
"""Forms; more are drawn beside the window, which stays alive."""


_EMPTY = {
    "registration": "返回讲座，点“从名册选人…”；外单位的人按 Ctrl+N 一位一位加。没有名单，就是全体会员都能来。",
    "lecture_session": "只讲一场就不用建。分几场、几个会场，按 Ctrl+N 各建一条。", "sign_in": "还没有人签到。返回讲座，点“打开签到”。",
}


class RegisterActions:
    """Acts on what is selected in the window's registers."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.door: DoorWindow | None = None
        self.blanks = WordBlanks(window)

    def _chosen(self, key: str, what: str) -> list[str]:
        ids = self.window.register_page(key).chosen_ids()
        if not ids:
            self.window.toast.say(tr("请先在列表里选{what}。").format(what=what))
        return ids

    def _record(self, register: type[Record], record_id: str) -> Any:
        with self.window.office.reading() as session:
            return session.scalars(select(register).where(register.id == record_id)).one()

    def open_selected_door(self) -> None:
        if ids := self._chosen("lecture", tr("一场讲座")):
            self.ask_door(ids[0])

    def ask_door(self, lecture_id: str) -> None:
        """Which session, what the door is called, whether a greeter gets the PC; then the door. A closed lecture opens no door."""
        if self._has_door(lecture_id):
            return
        lecture = self._record(Lecture, lecture_id)
        if lecture.is_closed:
            self.window.toast.say(tr("这场讲座已经结束。要补签，请打开讲座，用“纸质录入／补签”。"))
            return
        memory = self.window.preferences.tables.setdefault("door", {})
        dialog = OpenDoorDialog(self.window, self.window.office, lecture_id, name=memory.get("name", ""))
        if not dialog.exec():
            return
        memory["name"] = dialog.name.text().strip()
        self.open_door(lecture_id, session=dialog.chosen_session())
        if dialog.kiosk and self.door is not None:
            self.window.locked.emit()
            self.door.raise_()
            self.door.activateWindow()

    def _has_door(self, lecture_id: str) -> bool:
        """Bring the lecture's open door to the front; whether there is one."""
        if self.door is None or not self.door.isVisible() or self.door.lecture.id != lecture_id:
            return False
        self.door.raise_()
        return True

    def open_door(self, lecture_id: str, *, session: LectureSession | None = None) -> DoorWindow:
        """The check-in window for a lecture, full screen; one at a time."""
        if self._has_door(lecture_id) and self.door is not None:
            return self.door
        self.close_door()
        open_lecture(self.window.office, lecture_id)
        self.door = DoorWindow(self.window.office, self._record(Lecture, lecture_id), session=session, door=self.window.preferences.tables.get("door", {}).get("name", ""))
        self.door.leaving.connect(self._leave_door)
        self.door.showFullScreen()
        return self.door

    def close_door(self) -> None:
        if self.door is not None:
            self.door.shut()
            self.door.deleteLater()
            self.door = None

    def _leave_door(self) -> None:
        self.close_door()
        current = self.window.stack.currentWidget()
        if isinstance(current, Page):
            current.arrived()

    def change_membership(self) -> None:
        """One membership event for everybody who is selected."""
        if ids := self._chosen("member", tr("要登记的人")):
            EventDialog(self.window, self.window.office, ids, names_of(self.window.office, ids)).exec()

    def find_twins(self) -> None:
        """Go through the pairs of members who look alike, the likeliest first."""
        office = self.window.office

        def look(progress: Callable[[int, int], None]) -> tuple[Matcher, list[tuple[str, Near]]]:
            with office.reading() as session:
                return Matcher(session.connection()), pairs_in_roster(session.connection(), progress=progress)

        self.window.toast.say(tr("正在找…"))
        jobs.start(look, done=lambda found: self._go_through(*found), failed=lambda e: errors.show(self.window, e), reports=True)

    def _go_through(self, matcher: Matcher, pairs: list[tuple[str, Near]]) -> None:
        self.window.toast.hide()
        merged, gone = 0, set[str]()
        for n, (one, near) in enumerate(pairs, 1):
            if {one, near.id} & gone:
                continue
            place = tr("（第 {n} 对，共 {m} 对）").format(n=n, m=len(pairs))
            dialog = PairDialog(self.window, matcher.stored[one], matcher.stored[near.id], heads=(tr("这一位（保留）"), tr("这一位（并进来）")), agrees=near.agrees, choosing=True, place=place)
            answer = dialog.exec()
            if answer == LATER:
                break
            if answer == DIFFERENT:
                merging.are_different(self.window.office, one, near.id)
                continue
            try:
                merging.merge(self.window.office, one, near.id, take=dialog.chosen())
            except UserError as e:
                errors.show(self.window, e)
                break
            gone.add(near.id)
            merged += 1
        self.window.toast.say(tr("合并了 {n} 对。").format(n=merged) if pairs else tr("没有找到重复的人。"))
        self.window.register_page("member").refresh()

    def show_sign_ins(self) -> None:
        if ids := self._chosen("lecture", tr("一场讲座")):
            title = self._record(Lecture, ids[0]).title
            self.window.go("sign_in")
            self.window.register_page("sign_in").show_only({"lecture": ids[0]}, tr("签到：{title}").format(title=title), back=lambda: self.window.go("lecture"))

    def print_sign_ins(self) -> None:
        if ids := self._chosen("lecture", tr("一场讲座")):
            contexts = paperwork.sign_in_contexts(self.window.office, ids[0])
            self.window.show_pdf(paperwork.render(self.window.office, "sign_in_sheet", contexts), tr("公益大讲堂签到表"), warning=paperwork.unprintable(self.window.office, "sign_in_sheet", contexts))

    def show_rows(self, register: str, lecture_id: str, title: str) -> None:
        """A lecture's rows of another register; new ones belong to it, and Escape leads back."""

        def back() -> None:
            if self.window.go("lecture"):
                self.window.register_page("lecture").open_record(lecture_id)

        if self.window.go(register):
            self.window.register_page(register).show_only({"lecture": lecture_id}, title, back=back, empty=tr(_EMPTY.get(register, "")))

    def show_year(self) -> None:
        YearDialog(self.window, self.window.office).exec()

    def print_badges(self) -> None:
        """Badges for everybody who is selected, ten on a sheet."""
        if ids := self._chosen("member", tr("要打签到证的人")):
            context = papers.badges(self.window.office, ids)
            self.window.show_pdf(paperwork.render(self.window.office, "badge", [context]), tr("签到证"), warning=paperwork.unprintable(self.window.office, "badge", [context]))

    def narrow(self, register: type[Record], fixed: dict[str, Any], title: str, owner: type[Record], owner_id: str, *, empty: str = "") -> None:
        """The rows of a register that belong to one record of another; Escape leads back to it."""
        key = register.__tablename__
        was_open = self.window.register_page(owner.__tablename__).stack.currentIndex() == 1

        def back() -> None:
            if self.window.go(owner.__tablename__) and was_open:
                self.window.register_page(owner.__tablename__).open_record(owner_id)

        if self.window.go(key):
            self.window.register_page(key).show_only(fixed, title.format(title=self._record(owner, owner_id).title), back=back, empty=empty)

    def show_database(self, found: Mapping[str, Any]) -> None:
        """One of the three databases: its register as it is looked at there, and counted by two columns at once."""
        if self.window.go(found["register"]):
            page = self.window.register_page(found["register"])
            page.show_all()
            columns = {"shown": found.get("columns", []), "widths": {}}
            page.show_view({"quick": "", "filters": found.get("filters", {}), "sort": found.get("sort"), "scope": "", "columns": columns, "pivot": found.get("pivot")}, tr(found["title"]))
            page.come_from(lambda: self.window.go("figures"))
            page.show_pivot()

    def show_entries(self) -> None:
        if ids := self._chosen("competition", tr("一项竞赛")):
            title = self._record(Competition, ids[0]).title
            self.window.go("entry")
            self.window.register_page("entry").show_only({"competition": ids[0]}, tr("报名：{title}").format(title=title), back=lambda: self.window.go("competition"), empty=tr("返回竞赛，点“报名…”选人；也可以在“编辑”里从表格导入。"))

    def enter(self) -> None:
        if ids := self._chosen("competition", tr("一项竞赛")):
            EntryDialog(self.window.office, self._record(Competition, ids[0]), self.window).exec()

    def apply_selected(self) -> None:
        if ids := self._chosen("certificate", tr("一本证书")):
            self.apply(ids[0])

    def apply(self, certificate_id: str) -> None:
        """Propose an application and open it, or say why not."""
        try:
            application = making.propose(self.window.office, certificate_id)
        except (Invalid, UserError) as e:
            errors.show(self.window, e)
            return
        if self.window.go("subsidy_application"):
            self.window.register_page("subsidy_application").open_record(application)

    def print_forms(self, form: str, ids: Sequence[str]) -> None:
        """Show the forms of these records; they count as a copy when they are saved or printed."""
        office = self.window.office
        try:
            done = jobs.wait(self.window, tr("正在排版…"), lambda: form_jobs.job_named(office, form, ids)) if len(ids) > MANY else form_jobs.job_named(office, form, ids)
        except UserError as e:
            errors.show(self.window, e)
            return
        preview = self.window.show_pdf(done.pdf, tr(done.form.title), warning=done.warning, starts=done.starts, duplex=done.form.duplex, copies=done.form.copies)
        preview.done_with.connect(lambda copies: form_jobs.was_printed(office, done, copies))

    def printable(self, page: RegisterPage) -> list[tuple[str, str, list[str]]]:
        """(what the menu says, form, ids) of every form that fits something."""
        found = []
        chosen, shown = page.selected_ids(), page.model.ids_of(range(len(page.model.order)))
        for form in form_jobs.forms_of(self.window.office, page.register):
            for ids, words in ((chosen, tr("选中的 {n} {counter}")), (shown, tr("显示的全部 {n} {counter}"))):
                fits = form_jobs.fitting(self.window.office, form, ids)
                if fits and (ids is chosen or len(shown) != len(chosen)):
                    found.append((f"{tr(form.title)}：{words.format(n=len(fits), counter=page.register.counter)}", form.name, fits))
        return found

    def of_record(self, page: RegisterPage, record_id: str) -> list[tuple[str, str, list[str]]]:
        """The same for one open record."""
        return [(tr(form.title), form.name, fits) for form in form_jobs.forms_of(self.window.office, page.register) if (fits := form_jobs.fitting(self.window.office, form, [record_id]))]

    def print_record_menu(self, page: RegisterPage, record_id: str) -> None:
        """The forms of an open record."""
        assert isinstance(page.record_page, RelatedPage)
        if not page.record_page.may_leave():
            return
        menu = QMenu(page)
        for said, name, ids in self.of_record(page, record_id):
            menu.addAction(said, lambda _checked=False, name=name, ids=ids: self.print_forms(name, ids))
        self.blanks.offer(menu, page.register, [record_id])
        place = page.record_page.print_button
        menu.exec(place.mapToGlobal(QPoint(0, place.height())))

    def related(self, owner: RegisterPage, register: type[Record], field: str, record_id: str, new: bool) -> None:
        """The rows of another register that belong to the open record, or the beginning of a new one; Escape leads back."""
        self.narrow(register, {field: record_id}, tr("{label}：{title}").format(label=tr(register.label), title="{title}"), owner.register, record_id)
        if new:
            self.window.register_page(register.__tablename__).new_record()

    def print_menu(self, page: RegisterPage) -> None:
        """The forms of a register: of what is selected, or of all that is shown."""
        menu = QMenu(page)
        for said, name, ids in self.printable(page):
            menu.addAction(said, lambda _checked=False, name=name, ids=ids: self.print_forms(name, ids))
        if menu.isEmpty():
            menu.addAction(tr("打印显示的这些…"), page.print_list)
        self.blanks.offer(menu, page.register, page.selected_ids())
        menu.exec(page.print_button.mapToGlobal(QPoint(0, page.print_button.height())))
