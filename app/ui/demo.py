"""The main job through the real windows, from first start to the district's receipt; a picture of every step is left behind."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from sqlalchemy import select

from app.receiver import answer, district, merge
from app.services import form_jobs, paperwork, practice, setup
from app.services.lectures import invite
from app.services.lectures.invite import Choice
from app.services.office import Office
from app.services.roster.intake import Verdict
from app.ui import demo_door, jobs, theme
from app.ui.entry_dialog import EntryDialog
from app.ui.exchange.answer import AnswerDialog
from app.ui.exchange.page import ExchangePage
from app.ui.first_start import FirstStart
from app.ui.lecture.doors import DoorsDialog
from app.ui.lecture.year import YearDialog
from app.ui.main_window import MainWindow
from app.ui.navigation import IMPORT, SETTINGS
from app.ui.preferences import FOLDER_VARIABLE, Preferences
from app.ui.roster.model import LOOK
from app.ui.roster.page import RosterPage
from app.ui.run import Shell, make_application
from app.ui.unlock import UnlockPage
from db.registers import Certificate, Competition, Lecture, Member

SIGN_INS = 200
ENTRIES = 5
SIZE = (1366, 768)
LARGE = (1920, 1080)


class Demonstration:
    """Does the steps in order; each is timed and pictured."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.summary: dict[str, Any] = {"seconds": {}}
        self._number = 0
        self.shell = Shell(Preferences())

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.summary["seconds"][name] = round(time.perf_counter() - started, 2)

    def shot(self, name: str, widget: QWidget | None = None, *, size: tuple[int, int] = SIZE) -> None:
        target = widget or self.shell.window
        assert target is not None
        target.resize(*size)
        QTest.qWait(60)
        self._number += 1
        target.grab().save(str(self.out / f"{self._number:02}-{name}.png"))

    def wait(self, until: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise RuntimeError("the demonstration waited in vain")
            QTest.qWait(20)

    @property
    def window(self) -> MainWindow:
        assert isinstance(self.shell.window, MainWindow)
        return self.shell.window

    @property
    def office(self) -> Office:
        return self.window.office

    def run(self, *, looks: bool = True) -> dict[str, Any]:
        """Every step; `looks`: also every page dark, large and on a large screen."""
        steps = [self.first_start, self.import_roster, self.open_door, self.second_door, self.enter_competition, self.apply_for_subsidy, self.print_sheet, self.send, self.answer, self.read_answer]
        for do in (*steps, *((self.other_looks,) if looks else ()), self.lock):
            with self.step(do.__name__):
                do()
        (self.out / "summary.json").write_text(json.dumps(self.summary, ensure_ascii=False, indent=1), encoding="utf-8")
        return self.summary

    def first_start(self) -> None:
        self.shell.begin()
        page = self.shell.window.centralWidget() if self.shell.window else None
        assert isinstance(page, FirstStart)
        self.shot("首次打开")
        QTest.mouseClick(page.begin, Qt.MouseButton.LeftButton)
        self.shot("建立工会")
        office = setup.create_practice(self.out / "union", furnished=False)
        practice.plan_events(office)
        self.shell.enter(office)
        self.shot("今天-空名册")

    def import_roster(self) -> None:
        book = self.out / "花名册-人事科.xlsx"
        practice.write_workbook(book)
        self.window.go("import")
        page = self.window.page("import")
        assert isinstance(page, RosterPage)
        self.shot("导入-等文件")
        page.open_file(book)
        self.wait(lambda: page.stack.currentIndex() == 2)
        self.summary["problems_found"] = sum(len(p.row.problems) for p in page.plan.rows)
        self.summary["left_out"] = page.plan.count(Verdict.LEFT_OUT)
        self.shot("导入-全部")
        page.preview.show_only(LOOK)
        self.shot("导入-要看一眼")
        page.give_back(self.out / "退回-花名册-人事科.xlsx")
        QTest.mouseClick(page.preview.import_button, Qt.MouseButton.LeftButton)
        self.wait(lambda: self.window.stack.currentWidget() is self.window.pages.get("member"))
        self.summary["people_imported"] = len(self.window.register_page("member").model.order)
        self.shot("会员名册")
        members = self.window.register_page("member")
        members.open_row(0)
        self.shot("会员-一个人")
        members.record_page.leave()
        members.output.export(self.out / "会员名册.xlsx")
        self.wait(jobs.is_idle)

    def open_door(self) -> None:
        with self.office.reading() as session:
            lecture = session.scalars(select(Lecture)).one()
            numbers = [n for n in session.scalars(select(Member.employee_no).where(Member.membership_event.is_(None)).order_by(Member.rowno)) if n]
        door = self.window.registers.open_door(lecture.id)
        door.showNormal()
        self.shot("签到-等人", door)
        for number in numbers[: SIGN_INS - 1]:
            QTest.keyClicks(door.field, number)
            QTest.keyClick(door.field, Qt.Key.Key_Return)
        self.shot("签到-成功", door)
        QTest.keyClicks(door.field, numbers[0])
        QTest.keyClick(door.field, Qt.Key.Key_Return)
        self.shot("签到-已经签过", door)
        QTest.keyClicks(door.field, "w")
        QTest.keyClick(door.field, Qt.Key.Key_Return)
        self.shot("签到-有几位", door)
        door.field.clear()
        door.choices.clear()
        door.middle.setCurrentIndex(0)
        QTest.keyClicks(door.field, "qqqq")
        QTest.keyClick(door.field, Qt.Key.Key_Return)
        self.shot("签到-名册里没有", door)
        door.walk_in("周一鸣", "外单位", "")
        self.shot("签到-现场加入", door)
        self.shot("签到-1920", door, size=LARGE)
        self.summary["sign_ins"] = int(door.present.text())
        door.leave()

    def second_door(self) -> None:
        """The list, a door on another PC, its book brought back, the lecture's papers and page."""
        lecture = demo_door.the_lecture(self.office).id
        with self.office.vault.engine.connect() as connection:
            chosen = invite.candidates(connection, lecture, Choice(women=True), self.office.clock())
        self.summary["listed"] = invite.invite(self.office, lecture, chosen)
        with self.office.reading() as session:
            numbers = [n for n in session.scalars(select(Member.employee_no).where(Member.membership_event.is_(None)).order_by(Member.rowno.desc()).limit(12)) if n]
        self.summary |= demo_door.second_door(self.office, self.out, numbers)
        demo_door.papers_of(self.office, self.out)
        self.window.go("lecture")
        self.window.register_page("lecture").open_record(lecture)
        self.shot("讲座-一步一步")
        doors = DoorsDialog(self.window, self.office, lecture, show_pdf=lambda *_: None)
        doors.show()
        self.shot("另设签到处", doors, size=(900, 640))
        doors.close()
        year = YearDialog(self.window, self.office)
        year.show()
        self.shot("全年台账", year, size=(940, 640))
        year.close()

    def enter_competition(self) -> None:
        with self.office.reading() as session:
            competition = session.scalars(select(Competition)).one()
            people = [n for n in session.scalars(select(Member.employee_no).order_by(Member.rowno).limit(ENTRIES)) if n]
        dialog = EntryDialog(self.office, competition, self.window)
        dialog.show()
        for number in people:
            QTest.keyClicks(dialog.line, number)
            QTest.keyClick(dialog.line, Qt.Key.Key_Return)
        self.shot("竞赛报名", dialog, size=(620, 620))
        dialog.enter()
        self.summary["entries"] = len(dialog.entered.entries) if dialog.entered else 0
        dialog.close()
        self.window.go("entry")
        self.shot("参赛报名")
        self.window.register_page("entry").output.export(self.out / "参赛报名.xlsx")
        self.wait(jobs.is_idle)

    def apply_for_subsidy(self) -> None:
        self.window.go("certificate")
        page = self.window.register_page("certificate")
        page.new_record()
        today = self.office.clock().astimezone().date()
        with self.office.reading() as session:
            member = session.scalars(select(Member).order_by(Member.rowno)).first()
        assert member is not None
        editors = page.record_page.editors
        editors["member"].set_text(member.id)
        editors["member"].show_title(member.title)  # type: ignore[attr-defined]  # a ReferenceEditor
        for name, text in (
            ("kind", "职业技能等级证书"), ("occupation", "电工"), ("skill_level", "高级工"), ("certificate_no", f"S000011000123{today:%y}3000017"),
            ("issuing_body", "北京市某某技能评价中心"), ("issued_on", today.replace(day=1).isoformat()), ("is_verified", "是"),
        ):
            editors[name].set_text(text)
        self.shot("证书-填写")
        page.record_page.save()
        with self.office.reading() as session:
            certificate = session.scalars(select(Certificate).where(Certificate.occupation == "电工")).one()
        self.window.registers.apply(certificate.id)
        record = self.window.register_page("subsidy_application").record_page
        for name, text in (("training_body", "朝阳区职工素质教育培训基地"), ("class_hours", "80"), ("bank_name", "北京银行三里屯支行"), ("account_name", member.title), ("account_no", "6214850112345670"), ("has_other_claim", "否")):
            record.editors[name].set_text(text)
        self.shot("补贴申请-填写")
        application = record.record_id
        record.save()
        assert application is not None
        pdf = form_jobs.job_named(self.office, "subsidy_application", [application]).pdf
        (self.out / "补贴申请表.pdf").write_bytes(pdf)
        preview = self.window.show_pdf(pdf, "补贴申请表")
        self.shot("补贴申请表-预览", preview, size=(1000, 740))
        preview.close()
        self.summary["forms"] = 1

    def print_sheet(self) -> None:
        with self.office.reading() as session:
            lecture = session.scalars(select(Lecture)).one()
        pdf = paperwork.sign_in_sheet(self.office, lecture.id)
        (self.out / "签到表.pdf").write_bytes(pdf)
        preview = self.window.show_pdf(pdf, "公益大讲堂签到表")
        self.shot("签到表-预览", preview, size=(1000, 740))
        preview.close()
        self.summary["forms"] += 1

    def send(self) -> None:
        self.receiver, _ = district.init(self.out / "receiver", name="朝阳区总工会（练习）", password="practice-district", practice=True)
        self.receiver.write_key(self.out / "朝阳区总工会（练习）.udkey")
        stick = self.out / "U盘"
        stick.mkdir()
        self.window.go("exchange")
        page = self.window.page("exchange")
        assert isinstance(page, ExchangePage)
        self.shot("报送-之前")
        page.load_key(self.out / "朝阳区总工会（练习）.udkey")
        page.choose_folder(stick)
        QTest.mouseClick(page.export_button, Qt.MouseButton.LeftButton)
        self.wait(lambda: page.exported is not None)
        self.shot("报送-写到U盘")
        (self.out / "报送单.pdf").write_bytes(page.slip_pdf())
        assert page.exported is not None
        self.summary["package_bytes"] = page.exported.size
        self.package = page.exported.path

    def answer(self) -> None:
        looked = merge.look(self.receiver, self.package)
        (self.out / "区里-打开.txt").write_text(looked.summary(), encoding="utf-8")
        merged = merge.merge(self.receiver, self.package, enrol=looked.fingerprint)
        self.summary["records_accepted"] = merged.accepted
        self.summary["records_refused"] = len(merged.refused)
        self.receipt = answer.answer(self.receiver, self.office.vault.keys.vault_id, self.package.parent)
        self.receiver.close()

    def read_answer(self) -> None:
        page = self.window.page("exchange")
        assert isinstance(page, ExchangePage)
        said = page.look(self.receipt)
        assert said is not None
        self.shot("回执-先看", AnswerDialog(said, self.window))
        page.take_in(said)
        self.shot("回执")
        self.window.go("today")
        self.shot("今天-办完")
        self.window.go("history")
        self.shot("变更记录")

    def other_looks(self) -> None:
        with self.office.reading() as session:
            lecture = session.scalars(select(Lecture)).one()
        for name, scale, size in (("dark", 1.0, SIZE), ("light", 1.0, LARGE), ("dark", 1.0, LARGE), ("light", 2.0, SIZE)):
            self.shell.preferences.theme, self.shell.preferences.scale = name, scale
            self.shell.rebuild()
            look = f"{TITLES_OF_LOOKS[name]}-{round(scale * 100)}-{size[0]}"
            for place in (*self.window.navigation, IMPORT, SETTINGS):
                if place is not None:
                    self.window.go(place.key)
                    self.shot(f"{look}-{place.title}", size=size)
            door = self.window.registers.open_door(lecture.id)
            door.showNormal()
            door.take("B10005")
            self.shot(f"{look}-签到", door, size=size)
            door.leave()
        self.shell.preferences.theme, self.shell.preferences.scale = "light", 1.0
        self.shell.rebuild()
        self.summary["answers_pictured"] = demo_door.picture_answers(self.out / "签到的每一种回答")

    def lock(self) -> None:
        self.shell.lock()
        page = self.shell.window.centralWidget() if self.shell.window else None
        assert isinstance(page, UnlockPage)
        self.shot("锁上")


TITLES_OF_LOOKS = {"light": "浅色", "dark": "深色"}


def run_demo(out: Path) -> int:
    """0 when every step was done; the results lie in `out`."""
    if out.exists() and any(out.iterdir()):
        if not (out / "summary.json").exists():
            print(f"{out} is not empty and holds no earlier demonstration; choose another folder")
            return 2
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "summary.json").write_text("{}", encoding="utf-8")  # one that is broken off can be begun anew
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ[FOLDER_VARIABLE] = str(out / "home")
    make_application(Preferences())
    theme.load_fonts(rare=True)
    demonstration = Demonstration(out)
    summary = demonstration.run()
    application = QApplication.instance()
    assert application is not None
    application.processEvents()
    print(json.dumps(summary, ensure_ascii=False, indent=1))
    print(f"results: {out.absolute()}")
    return 0
