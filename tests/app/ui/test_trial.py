"""What clerks stumbled over, each once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton, QTableWidget
from sqlalchemy import select

from app.services import entries, survey
from app.services.records import ActKind
from app.ui import programmes
from app.ui.main_window import MainWindow
from app.ui.policies import PoliciesDialog
from app.ui.policy_row import text_of, write
from app.ui.score_sheet import THEORY, ScoreSheet
from app.ui.survey_dialog import VALUE, SurveyDialog
from db.dates import PartialDate
from db.registers import Competition, Entry, Member, Project, SubsidyApplication, Training, Union


def typing(table: QTableWidget, text: str) -> QLineEdit:
    """The first key opens the cell, the others go into it; the cell stays open."""
    table.setFocus()
    QTest.keyClicks(table, text[0])
    editor = table.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    QTest.keyClicks(editor, text[1:])
    return editor


@pytest.fixture
def sheet(window: MainWindow, qtbot: Any) -> ScoreSheet:
    with window.office.reading() as session:
        contest = session.scalars(select(Competition.id)).one()
        people = list(session.scalars(select(Member.id).order_by(Member.rowno).limit(3)))
    entries.enter(window.office, contest, "电工", people)
    made = ScoreSheet(window, window.office, contest)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_mark_that_is_still_being_typed_is_saved(sheet: ScoreSheet, window: MainWindow) -> None:
    typing(sheet.table, "95")
    assert sheet.is_dirty and sheet.save()
    with window.office.reading() as session:
        assert [str(m) for m in session.scalars(select(Entry.theory_score).where(Entry.theory_score.is_not(None)))] == ["95.00"]


def test_enter_goes_down_and_tab_leaves_the_marks(sheet: ScoreSheet) -> None:
    QTest.keyClick(typing(sheet.table, "80"), Qt.Key.Key_Return)
    QTest.qWait(30)  # Qt ends the editing in its own time
    assert (sheet.table.currentRow(), sheet.table.currentColumn()) == (1, THEORY)
    assert not sheet.table.tabKeyNavigation()


@pytest.mark.parametrize(("answer_is", "closes"), [(QMessageBox.StandardButton.Cancel, False), (QMessageBox.StandardButton.Discard, True)])
def test_escape_with_unsaved_marks_can_be_thought_better_of(sheet: ScoreSheet, monkeypatch: pytest.MonkeyPatch, answer_is: QMessageBox.StandardButton, closes: bool) -> None:
    typing(sheet.table, "95")
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: answer_is)
    sheet.reject()
    assert sheet.isVisible() is not closes


def test_the_survey_keeps_every_number_and_the_one_of_employees_stays_open(window: MainWindow, qtbot: Any) -> None:
    with window.office.reading() as session:
        union = session.scalars(select(Union.id)).one()
    with window.office.act(ActKind.EDIT, "x") as act:
        act.change(Union, union, {"employee_count": None})
    dialog = SurveyDialog(window, window.office, 2026)
    qtbot.addWidget(dialog)
    dialog.show()
    for row, text in ((0, "300"), (1, "120")):
        item = dialog.tables[0].item(row, VALUE)
        assert item is not None and item.flags() & Qt.ItemFlag.ItemIsEditable
        item.setText(text)
        assert dialog.save()
    dialog.tables[0].setCurrentCell(1, VALUE)
    typing(dialog.tables[0], "121")
    assert dialog.save()
    with window.office.vault.engine.connect() as connection:
        assert {no: f"{n:f}" for no, n in survey.answers(connection, 2026).items()} == {"101": "300", "102": "121"}
    dialog.check()
    assert "没有填" in dialog.banner.text.text()


def test_a_name_typed_but_not_chosen_is_not_lost_in_silence(window: MainWindow) -> None:
    window.go("innovation_project")
    page = window.register_page("innovation_project")
    page.new_record()
    page.record_page.editors["name"].set_text("改造")
    page.record_page.editors["leader"].line.setText("卢")
    assert not page.record_page.save() and "负责人" in page.record_page.banner.text.text()
    with window.office.reading() as session:
        assert session.scalars(select(Project)).first() is None


def test_the_list_stands_on_what_was_open(window: MainWindow) -> None:
    window.go("competition")
    page = window.register_page("competition")
    page.new_record()
    page.record_page.editors["name"].set_text("比武")
    page.record_page.editors["trades"].set_text("焊工")
    assert page.record_page.save()
    made = page.record_page.record_id
    page.record_page.leave()
    assert page.selected_ids() == [made]


def test_new_claims_are_what_is_selected(window: MainWindow, answer: Callable[..., list[Any]]) -> None:
    def tick(dialog: Any) -> None:
        dialog._tick_all(True)
        dialog.propose()

    answer(programmes.ClaimsDialog, tick)
    window.programmes.survey_claims()
    chosen = window.register_page("subsidy_application").selected_ids()
    with window.office.reading() as session:
        assert set(chosen) == set(session.scalars(select(SubsidyApplication.id))) and len(chosen) > 1


@pytest.mark.parametrize(("typed", "accepted"), [("2026-11-30", False), ("2026-11-30 9:00", True), ("哪天", False)])
def test_a_sitting_wants_an_hour(window: MainWindow, qtbot: Any, typed: str, accepted: bool) -> None:
    dialog = programmes.SittingDialog(window)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.when.set_text(typed)
    dialog.place.set_text("职工之家")
    dialog.accept()
    assert dialog.isVisible() is not accepted and dialog.place.text() == "职工之家"


def test_a_new_rule_is_shown_and_the_old_one_says_that_it_ended(window: MainWindow, qtbot: Any) -> None:
    dialog = PoliciesDialog(window, window.office)
    qtbot.addWidget(dialog)
    dialog.choose("rule", "notice_working_days")
    write(dialog.form["数值"], "7")
    dialog.source.setText("某通知")
    dialog.save()
    assert text_of(dialog.form["数值"]) == "7"
    texts = [dialog.list.item(n).text() for n in range(dialog.list.count()) if "公示至少" in dialog.list.item(n).text()]
    assert len(texts) == 2 and "后来改过" in texts[0] and "后来改过" not in texts[1]


def test_a_pledge_a_photo_rule_an_honour_and_a_word_are_set_and_taken_away(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.services import policies, portrait
    from app.services.exchange import items
    from app.ui import policies as shown
    from db import codes

    office, today = window.office, window.office.clock().astimezone().date()
    dialog = PoliciesDialog(window, office)
    qtbot.addWidget(dialog)
    for kind, name, words, text in (("pledge", "subsidy_application", "承诺的文字", "我保证。"), ("photo", "证件照", "照片宽高（毫米）", "35 45"), ("honour", "朝阳能手", "由谁授予", "朝阳区总工会"), ("target", "lectures", "每个单位", "3")):
        dialog.choose(kind, name)
        assert dialog.away.isHidden()
        write(dialog.form[words], text)
        dialog.source.setText("本工会定")
        dialog.save()
        assert text_of(dialog.form[words]) == text and not dialog.away.isHidden()
    with office.vault.engine.connect() as connection:
        assert policies.dated(connection, "pledge", ["subsidy_application"], today) == {"subsidy_application": "我保证。"}
        rule = portrait.rule_on(connection, "证件照", today)
        assert rule is not None and rule.frame == (35, 45)
        row = items.row_on(connection, "honour", "朝阳能手", today)
        assert row is not None and row["issuer"] == ["朝阳区总工会"]
    monkeypatch.setattr(shown, "sure", lambda *_: True)
    dialog.choose("pledge", "subsidy_application")
    dialog.drop()
    with office.vault.engine.connect() as connection:
        assert "我保证" not in policies.dated(connection, "pledge", ["subsidy_application"], today)["subsidy_application"]
    dialog.choose("code", "skill_level")
    assert "三级/高级工" in text_of(dialog.form["现有的词"]) and dialog.source.isHidden()
    write(dialog.form["加一个词"], "厂内技师")
    dialog.save()
    assert "厂内技师" in codes.table("skill_level").labels
    codes.use({})


def test_an_employers_own_share_is_paid_on_top(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.services import policies
    from app.ui import policies as shown

    dialog = PoliciesDialog(window, window.office)
    qtbot.addWidget(dialog)
    dialog.choose("policy", "ZT-2022")
    monkeypatch.setattr(shown.QInputDialog, "getInt", lambda *_: (100, True))
    dialog.add_share()
    with window.office.vault.engine.connect() as connection:
        added = policies.added_on(connection, window.office.clock().astimezone().date(), "职业发展助推")
    assert [(p.id, p.share, p.adds) for p in added] == [("ZT-2022-PT", 100, True)] and dialog.share.isHidden()


def test_places_and_parts_of_a_policy_are_set_by_the_administrator(window: MainWindow, qtbot: Any) -> None:
    from app.services import policies

    dialog = PoliciesDialog(window, window.office)
    qtbot.addWidget(dialog)
    dialog.choose("policy", "ZT-2022")
    assert "决赛前几名 10" in text_of(dialog.form["其他条件"]) and text_of(dialog.form["分几次给"]) == "100"
    for limits, parts, said in (("决赛第几名 3", "100", "不认得"), ("决赛前几名 3", "60 30", "加起来")):
        write(dialog.form["其他条件"], limits)
        write(dialog.form["分几次给"], parts)
        dialog.source.setText("某通知")
        dialog.save()
        assert said in dialog.banner.text.text()
    write(dialog.form["其他条件"], "决赛前几名 3")
    write(dialog.form["分几次给"], "50、50")
    dialog.save()
    with window.office.vault.engine.connect() as connection:
        now = policies.policy_on(connection, window.office.clock().astimezone().date(), "职业发展助推")
    assert now is not None and (dict(now.limits), now.parts) == ({"final_places": 3}, (50, 50))


def test_a_class_begun_from_the_list_leads_back_to_the_list(window: MainWindow) -> None:
    with window.office.act(ActKind.EDIT, "班") as act:
        act.create(Training, {"name": "班", "kind": "技能培训", "starts_on": PartialDate(2026, 11, 1)})
    window.go("training")
    window.programmes.students()
    window.register_page("enrolment")._escape()
    page = window.register_page("training")
    assert window.stack.currentWidget() is page and page.stack.currentIndex() == 0


def test_every_list_offers_paper_and_word_blanks(window: MainWindow) -> None:
    window.go("women_activity")
    assert any("打印表格" in b.text() or "打印表格" in str(b.property("words")) for b in window.register_page("women_activity").findChildren(QPushButton))


def test_an_hour_is_read(window: MainWindow) -> None:
    dialog = programmes.SittingDialog(window)
    dialog.when.set_text("2026-11-30 09:00")
    starts = dialog.starts_at()
    assert starts is not None and starts.astimezone(UTC) > datetime(2026, 11, 29, tzinfo=UTC)
    dialog.deleteLater()


def test_the_menu_shows_the_whole_register_again_after_one_came_to_it_for_a_few(window: MainWindow) -> None:
    page = window.register_page("member")
    window.go("member")
    whole = len(page.model.order)
    window._show_figure("women")
    assert len(page.model.order) < whole
    window.go_whole("today")
    window.go_whole("member")
    assert len(page.model.order) == whole and "女会员" not in page.heading.text()


def test_enter_in_the_list_of_claims_makes_nothing(window: MainWindow, qtbot: Any) -> None:
    from app.ui.claims_dialog import ClaimsDialog

    dialog = ClaimsDialog(window, window.office)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog._tick_all(True)
    QTest.keyClick(dialog.may, Qt.Key.Key_Return)
    assert dialog.isVisible() and dialog.proposed is None


def test_enter_on_a_counted_line_of_the_survey_opens_its_records_and_on_a_typed_one_goes_down(window: MainWindow, qtbot: Any) -> None:
    from app.ui.survey_dialog import VALUE, SurveyDialog

    dialog = SurveyDialog(window, window.office, 2026)
    qtbot.addWidget(dialog)
    dialog.show()
    seen: list[str] = []
    dialog.rows_wanted.connect(lambda register, ids, title: seen.append(title))
    lines, table = dialog.found.sheets[0].lines, dialog.tables[0]
    typed = next(n for n, line in enumerate(lines) if line.is_typed)
    table.setCurrentCell(typed, VALUE)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert seen == [] and table.currentRow() == typed + 1
    counted = next(n for n, line in enumerate(lines) if line.figure is not None and not line.is_typed and line.value)
    table.setCurrentCell(counted, VALUE)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert seen == [f"{lines[counted].no} {lines[counted].label}"]
