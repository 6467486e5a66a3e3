"""The programmes in the real window: tabs, score sheet, claims, forms menu, figures, policies, what is guarded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from sqlalchemy import func, select

from app.services import entries, figures, form_jobs, guarded
from app.services.claims import making
from app.services.exchange import items
from app.services.listing import Query
from app.services.office import Office
from app.services.records import ActKind, Invalid
from app.ui import programmes
from app.ui.charts import BarChart
from app.ui.claims_dialog import ClaimsDialog
from app.ui.main_window import MainWindow
from app.ui.navigation import Tabs
from app.ui.pages.figures import FiguresPage
from app.ui.policies import PoliciesDialog
from app.ui.policy_row import write
from app.ui.preferences import Preferences
from app.ui.register.pivot import PivotDialog
from app.ui.register.record_page import RecordPage
from app.ui.score_sheet import PRACTICAL, RANK, THEORY, TOTAL, CertifyDialog, ScoreSheet
from app.ui.survey_dialog import SurveyDialog
from db.fields import Kind
from db.record import Record, fields_of
from db.registers import PROGRAMMES, REGISTERS, Certificate, Competition, CompetitionTrade, Entry, HardshipCase, LedgerEntry, Member, SubsidyApplication


@pytest.fixture
def contest(practice_office: Office) -> str:
    with practice_office.reading() as session:
        made = session.scalars(select(Competition.id)).one()
        people = list(session.scalars(select(Member.id).order_by(Member.rowno).limit(4)))
    entries.enter(practice_office, made, "电工", people)
    return made


@pytest.mark.parametrize("programme", [p for p in PROGRAMMES if len(p.registers) > 1], ids=lambda p: p.title)
def test_a_programmes_registers_are_reached_by_tabs_and_by_keys(window: MainWindow, qtbot: Any, programme: Any) -> None:
    window.go(programme.chief.__tablename__)
    for register in programme.registers[1:]:
        page = window.stack.currentWidget()
        page.findChild(Tabs).buttons[register.__tablename__].click()
        assert window.stack.currentWidget() is window.pages[register.__tablename__]
        assert window._nav_buttons[programme.chief.__tablename__].isChecked()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    page = window.stack.currentWidget()
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert window.stack.currentWidget() is window.pages[programme.chief.__tablename__]


def test_hardship_is_in_nobodys_menu_before_the_administrator_lets_her(practice_office: Office, qtbot: Any) -> None:
    made = MainWindow(practice_office, Preferences())
    qtbot.addWidget(made)
    assert HardshipCase.__tablename__ not in made._makers and "women_activity" in made._nav_buttons
    made.let_go()
    guarded.let(practice_office, practice_office.user.name, may=True)
    again = MainWindow(practice_office, Preferences())
    qtbot.addWidget(again)
    assert HardshipCase.__tablename__ in again._makers
    again.let_go()


def test_scores_are_pasted_ranked_and_saved(window: MainWindow, qtbot: Any, contest: str) -> None:
    sheet = ScoreSheet(window, window.office, contest)
    qtbot.addWidget(sheet)
    sheet.table.setCurrentCell(0, THEORY)
    QGuiApplication.clipboard().setText("80\t90\n90\t70\n70\t95\n100\t101")
    sheet.paste()
    shown = [[sheet.table.item(r, c).text() for c in (TOTAL, RANK)] for r in range(4)]
    assert shown == [["87", "2"], ["76", "3"], ["87.5", "1"], ["", ""]]
    assert sheet.is_dirty and not sheet.save() and "0 到 100" in sheet.banner.text.text()
    sheet.table.item(3, PRACTICAL).setText("10")
    assert sheet.save() and not sheet.is_dirty
    sheet.settle()
    with window.office.reading() as session:
        assert list(session.scalars(select(Entry.rank).order_by(Entry.rowno))) == [2, 3, 1, 4]


def test_winners_get_their_certificates_from_the_sheet(window: MainWindow, qtbot: Any, contest: str, answer: Callable[..., list[Any]]) -> None:
    with window.office.act(ActKind.EDIT, "工种") as act:
        act.create(CompetitionTrade, {"competition": contest, "trade": "电工", "promotion_ranks": 1, "promotion_level": "三级/高级工"})
    sheet = ScoreSheet(window, window.office, contest)
    qtbot.addWidget(sheet)
    sheet.certify()
    assert "还没有评定名次" in sheet.banner.text.text()
    sheet.table.item(0, THEORY).setText("80")
    sheet.table.item(0, PRACTICAL).setText("80")
    sheet.settle()

    def fill(dialog: CertifyDialog) -> None:
        assert not dialog.ok.isEnabled()
        dialog.table.item(0, 3).setText("s000011000123263000001")
        dialog.sure.setChecked(True)
        assert dialog.ok.isEnabled()

    answer(CertifyDialog, fill)
    sheet.certify()
    with window.office.reading() as session:
        assert session.scalars(select(Certificate.certificate_no).where(Certificate.entry.is_not(None))).one() == "S000011000123263000001"


def test_all_who_may_claim_are_ticked_and_proposed_in_one_go(window: MainWindow, answer: Callable[..., list[Any]]) -> None:
    def fill(dialog: ClaimsDialog) -> None:
        assert dialog.may.rowCount() > 3 and not dialog.ok.isEnabled()
        dialog._tick_all(True)
        assert dialog.ok.isEnabled()
        dialog.propose()

    seen = answer(ClaimsDialog, fill)
    window.programmes.survey_claims()
    with window.office.reading() as session:
        assert session.scalar(select(func.count()).select_from(SubsidyApplication)) == len(seen[0].survey.may)
    assert window.stack.currentWidget() is window.pages["subsidy_application"]


def test_the_forms_menu_offers_what_fits_the_selected(window: MainWindow) -> None:
    with window.office.reading() as session:
        claim = making.propose(window.office, session.scalars(select(Certificate.id).limit(1)).one())
    window.go("subsidy_application")
    page = window.register_page("subsidy_application")
    page.open_record(claim)
    page.record_page.leave()
    offered = [said for said, _, _ in window.registers.printable(page)]
    assert any("培训补贴申请表" in text for text in offered) and not any("专利" in text for text in offered)


@pytest.mark.parametrize("form", [f for f in form_jobs.template.form_names() if form_jobs.template.load(f).register])
def test_every_form_of_a_register_prints_from_real_records(office: Office, one_of_each: dict[str, str], form: str) -> None:
    made = form_jobs.template.load(form)
    guarded.let(office, office.user.name, may=True)
    with office.act(ActKind.EDIT, "x") as act:
        from db.dates import PartialDate
        from db.registers import HardshipCase, Nomination, StudioMember

        for name in ("成员甲", "成员乙", "成员丙"):
            act.create(StudioMember, {"studio": one_of_each["innovation_studio"], "full_name": name})
        for register in (Nomination, HardshipCase):
            act.change(register, one_of_each[register.__tablename__], {"notice_from": PartialDate(2026, 11, 9), "notice_to": PartialDate(2026, 11, 13)})
    ids = [one_of_each[made.register]]
    if made.register == "subsidy_application" or form_jobs.fitting(office, made, ids) != ids:  # that claim may not be made: the paper alone is looked at
        assert form_jobs.engine.render(made, form_jobs.contexts(office, made, ids)).startswith(b"%PDF")
        return
    done = form_jobs.job(office, made, ids)
    assert done.pdf.startswith(b"%PDF")
    form_jobs.was_printed(office, done)


def test_a_studio_without_a_team_is_not_declared(office: Office, one_of_each: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="3 人以上"):
        form_jobs.job_named(office, "studio_declaration", [one_of_each["innovation_studio"]])


def test_a_figure_leads_down_to_its_records_and_back(window: MainWindow) -> None:
    window.go("figures")
    page = window.page("figures")
    assert isinstance(page, FiguresPage)
    place = next(n for n, line in enumerate(page.report.lines) if line.figure.id == "certificates")
    expected = int(page.report.lines[place].now)
    page.open_line(place)
    shown = window.register_page("certificate")
    assert window.stack.currentWidget() is shown and len(shown.model.order) == expected
    shown._escape()
    assert window.stack.currentWidget() is page


def test_the_report_can_be_saved_as_a_workbook(window: MainWindow, tmp_path: Path) -> None:
    window.go("figures")
    page = window.page("figures")
    assert isinstance(page, FiguresPage)
    page.save_workbook(tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").stat().st_size > 4000


def test_a_pivot_is_counted_anew_with_every_choice_and_saved(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    dialog = PivotDialog(window, window.office, Query(Certificate))
    qtbot.addWidget(dialog)
    total = dialog.found.total
    dialog.across.setCurrentIndex(dialog.across.findData("member.department"))
    assert dialog.found.total == total and len(dialog.found.columns) > 1
    dialog.save(tmp_path / "p.xlsx")
    assert (tmp_path / "p.xlsx").exists()


def test_the_administrator_sets_a_policy_from_a_day_on(window: MainWindow, qtbot: Any) -> None:
    dialog = PoliciesDialog(window, window.office)
    qtbot.addWidget(dialog)
    dialog.choose("policy", "BT-2017")
    dialog.save()
    assert "依据" in dialog.banner.text.text()
    dialog.source.setText("本工会定")
    write(dialog.form["等级和金额"], "三级/高级工 2500\n四级/中级工 1800")
    dialog.save()
    with window.office.vault.engine.connect() as connection:
        assert any(r["id"] == "BT-2017-BJ1" and r["levels"][0]["amount"] == 2500 for r in items.rows_of(connection, "policy"))
    write(dialog.form["等级和金额"], "三级/高级工 很多")
    dialog.source.setText("本工会定")
    dialog.save()
    assert "整数" in dialog.banner.text.text()


def test_a_class_is_filled_from_the_roster_and_sits_at_the_door(window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., list[Any]]) -> None:
    from db.dates import PartialDate
    from db.registers import Enrolment, Lecture, Training

    with window.office.act(ActKind.EDIT, "班") as act:
        course = act.create(Training, {"name": "电工班", "kind": "技能培训", "starts_on": PartialDate(2026, 11, 1)})
    window.go("member")
    window.register_page("member").table.selectAll()
    window.go("training")
    assert len(window.register_page("member").selected_ids()) > 200 and window.register_page("training").selected_ids() == [course]
    answer(programmes.PeopleDialog, lambda dialog: dialog.enter())
    window.programmes.enrol()
    with window.office.reading() as session:
        enrolled = session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.training == course))
    assert enrolled and enrolled > 200
    window.go("training")
    answer(programmes.SittingDialog, lambda dialog: dialog.when.set_text("2026-11-20 14:00"))
    window.programmes.sitting()
    with window.office.reading() as session:
        assert session.scalars(select(Lecture.training).where(Lecture.training.is_not(None))).one() == course


def test_a_booking_typed_on_the_page_is_held_to_its_budget(window: MainWindow) -> None:
    from decimal import Decimal

    from db.dates import PartialDate
    from db.registers import BudgetLine

    office = window.office
    with office.act(ActKind.EDIT, "预算") as act:
        line = act.create(BudgetLine, {"year": 2026, "programme": "职工培训", "name": "培训", "amount": Decimal(100), "earmark": "只用于职工培训"})
    booking = {"booked_on": PartialDate(2026, 11, 20), "programme": "职工培训", "budget_line": line, "summary": "讲课费", "paid": Decimal(101)}
    with pytest.raises(Invalid, match="预算还剩"), office.act(ActKind.EDIT, "记账") as act:
        act.create(LedgerEntry, booking)
    with office.act(ActKind.EDIT, "记账") as act:
        act.create(LedgerEntry, {**booking, "paid": Decimal(100)})


@pytest.mark.parametrize("register", [r for r in REGISTERS if not r.only_one and not r.booked], ids=lambda r: r.__tablename__)
def test_a_record_of_any_register_is_opened_changed_in_one_field_and_saved(office: Office, one_of_each: dict[str, str], qtbot: Any, register: type[Record]) -> None:
    guarded.let(office, office.user.name, may=True)
    page = RecordPage(office, register)
    qtbot.addWidget(page)
    page.open(one_of_each[register.__tablename__])
    assert not page.is_dirty
    name = next(f.name for f in reversed(fields_of(register)) if type(f.kind) is Kind and not f.derived and not f.decided_above)
    page.editors[name].set_text("改过的")
    assert page.is_dirty and page.save(), page.banner.text.text()
    with office.reading() as session:
        assert getattr(session.scalars(select(register).where(register.id == one_of_each[register.__tablename__])).one(), name) == "改过的"


def test_every_number_leads_down_to_its_records(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    """This year, the year before, every bar, who took part, the roster's card, the survey, the pivot."""
    page = window.page("figures") if window.go("figures") else None
    assert isinstance(page, FiguresPage)
    seen: list[tuple[str, int]] = []
    page.rows_wanted.disconnect()
    page.rows_wanted.connect(lambda register, ids, title: seen.append((title, len(ids))))
    for place, line in enumerate(page.report.lines):
        page.table.setCurrentCell(place, 1)
        page.table.itemActivated.emit(page.table.item(place, 2))
        page.table.itemActivated.emit(page.table.item(place, 3))
        if not (line.figure.add_up or line.figure.distinct):
            assert [n for _, n in seen[-2:]] == [line.now, line.before if line.before is not None else line.now]
        for bar in range(len(page.chart.bars)):
            page.chart.opened.emit(bar)
    for bar, goal in enumerate(page.goals):
        page.targets.opened.emit(bar)
        assert seen[-1][1] == goal.reached or figures.NAMED[goal.count].distinct
    page.open_people()
    assert seen[-1][1] == page.report.took_part
    survey = SurveyDialog(page, window.office, 2026)
    qtbot.addWidget(survey)
    survey.rows_wanted.connect(lambda register, ids, title: seen.append((title, len(ids))))
    line = next(x for x in survey.found.sheets[0].lines if x.figure is not None and not x.is_typed and not x.figure.distinct)
    survey.open_line(line)
    assert seen[-1] == (f"{line.no} {line.label}", line.value)
    for name in ("图.png", "图.pdf"):
        page.save_picture(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 2000
    window.go("today")
    window._show_lacking("mobile", "缺手机号")
    assert window.stack.currentWidget() is window.pages["member"]


def test_a_bar_is_chosen_with_the_arrows_and_opened_with_enter(qtbot: Any) -> None:
    chart = BarChart()
    qtbot.addWidget(chart)
    chart.show_bars("五年", [("2024", 1, "1"), ("2025", 2, "2"), ("2026", 3, "3")])
    chart.resize(300, 200)
    opened: list[int] = []
    chart.opened.connect(opened.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Return):
        QTest.keyClick(chart, key)
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(50, 150))
    assert opened == [1, 0]


def test_a_cell_of_a_pivot_leads_to_as_many_records_as_it_counts(window: MainWindow, qtbot: Any) -> None:
    page = window.register_page("member")
    dialog = PivotDialog(page, window.office, page.query(), start=("department", "age"))
    qtbot.addWidget(dialog)
    found: list[int] = []
    dialog.rows_wanted.connect(lambda ids, title: found.append(len(ids)))
    rows, columns = len(dialog.found.rows), len(dialog.found.columns)
    wanted = []
    for r in range(rows + 1):
        for c in range(columns + 1):
            item = dialog.table.item(r, c)
            if item is not None and item.text():
                wanted.append(int(item.text().replace(",", "")))
                dialog.open_cell(r, c)
    assert found == wanted and wanted[-1] == dialog.found.total
