"""A record's page: what hangs on it is seen and begun beside it; its files; what was printed of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton
from sqlalchemy import select

from app.services import files, related
from app.ui.main_window import MainWindow
from app.ui.portrait import PortraitDialog
from app.ui.register.layouts import groups_of
from app.ui.register.related_page import RelatedPage
from db.record import Record, fields_of
from db.registers import REGISTERS, Competition, CompetitionTrade, Member
from tests.app.services.test_portrait import jpeg, somebody


def opened(window: MainWindow, register: type[Record]) -> RelatedPage:
    window.go(register.__tablename__)
    page = window.register_page(register.__tablename__)
    page.open_row(0)
    assert isinstance(page.record_page, RelatedPage)
    return page.record_page


@pytest.mark.parametrize("register", REGISTERS, ids=lambda r: r.__tablename__)
def test_a_page_shows_every_field_once_and_long_ones_in_groups(register: type[Record]) -> None:
    groups = groups_of(register)
    named = [name for names in groups.values() for name in names]
    assert sorted(named) == sorted(f.name for f in fields_of(register))
    assert max(map(len, groups.values())) <= 13, "a group that long is no group"


def test_a_competitions_trades_are_begun_on_its_page_and_escape_leads_back(window: MainWindow) -> None:
    page = opened(window, Competition)
    competition = page.record_id
    [add] = [b for b in page.around.findChildren(QPushButton) if b.accessibleName() == "新建竞赛工种"]
    add.click()
    trades = window.register_page(CompetitionTrade.__tablename__)
    assert window.stack.currentWidget() is trades and trades.stack.currentIndex() == 1
    trades.record_page.editors["trade"].set_text("电工")
    assert trades.record_page.editors["competition"].text() == competition, "the competition is chosen already"
    assert trades.record_page.save()
    trades.stack.setCurrentIndex(0)
    trades._escape()
    assert window.stack.currentWidget() is window.register_page("competition")
    with window.office.reading() as session:
        [trade] = [r for r in related.around(session, Competition, competition or "") if r.register is CompetitionTrade]
        assert (trade.count, trade.newest[0].title) == (1, "电工")


def test_a_new_record_on_which_others_hang_stays_open(window: MainWindow) -> None:
    window.go("competition")
    page = window.register_page("competition")
    page.new_record()
    page.record_page.editors["name"].set_text("比武")
    page.record_page.editors["trades"].set_text("焊工")
    assert page.record_page.save()
    assert page.stack.currentIndex() == 1 and page.record_page.record_id and page.record_page.heading.text() == "比武"


def test_a_programmes_own_buttons_work_on_the_open_record(window: MainWindow, answer: Callable[..., list[Any]]) -> None:
    from app.ui.score_sheet import ScoreSheet

    opened(window, Competition)
    seen = answer(ScoreSheet)
    [scores] = [b for b in window.register_page("competition").findChildren(QPushButton) if "成绩" in b.text() and b.isVisible()]
    scores.click()
    assert len(seen) == 1


def test_a_certificates_scan_is_kept_shown_and_taken_away(window: MainWindow, tmp_path: Path) -> None:
    from db.registers import Certificate

    page = opened(window, Certificate)
    (tmp_path / "证书.pdf").write_bytes(b"%PDF-1.4 scan")
    page.files.add([tmp_path / "证书.pdf"])
    assert [k.name for k in page.files.kept] == ["证书.pdf"] and page.files.head.text() == "附件（1）"
    page.files.remove(page.files.kept[0])
    assert page.files.kept == []


def test_a_photograph_is_cut_in_the_window_and_belongs_to_the_member(window: MainWindow, answer: Callable[..., list[Any]], tmp_path: Path) -> None:
    from db.registers import Certificate

    page = opened(window, Certificate)
    (tmp_path / "p.jpg").write_bytes(jpeg(somebody()))
    seen = answer(PortraitDialog, lambda d: d.view.zoom(1.1))
    page.files.take_photo(tmp_path / "p.jpg")
    assert len(seen) == 1
    with window.office.reading() as session:
        member = session.scalars(select(Certificate.member).where(Certificate.id == page.record_id)).one()
        body = files.photo_of(session.connection(), member or "")
    assert body and body[:2] == b"\xff\xd8" and [k.role for k in page.files.kept] == [files.PHOTO]


def test_the_crop_follows_keys(qtbot: Any) -> None:
    from datetime import date

    from PySide6.QtCore import Qt

    from app.services import portrait

    rule = portrait.rule_on(None, "市级竞赛蓝底照", date(2026, 1, 1))
    assert rule is not None
    dialog = PortraitDialog(None, jpeg(somebody()), rule)
    qtbot.addWidget(dialog)
    assert dialog.fits and "符合要求" in dialog.said.text()
    before = dialog.view.crop
    qtbot.keyClick(dialog.view, Qt.Key.Key_Left)
    qtbot.keyClick(dialog.view, Qt.Key.Key_Plus)
    assert dialog.view.crop.left > before.left and dialog.view.crop.width < before.width
    for _ in range(20):
        qtbot.keyClick(dialog.view, Qt.Key.Key_Minus)
    dialog.judge()
    assert "头部" in dialog.said.text(), "too small a head is said"


def test_what_was_printed_of_a_record_stands_on_its_page(window: MainWindow) -> None:
    from app.services import form_jobs
    from app.services.records import ActKind
    from db.registers import Studio, StudioMember

    with window.office.reading() as session:
        leader = session.scalars(select(Member.id)).first()
    with window.office.act(ActKind.EDIT, "新建") as act:
        studio = act.create(Studio, {"name": "王师傅创新工作室", "leader": leader})
        for name in ("成员甲", "成员乙", "成员丙"):
            act.create(StudioMember, {"studio": studio, "full_name": name})
    for _ in range(2):
        form_jobs.was_printed(window.office, form_jobs.job_named(window.office, "studio_declaration", [studio]))
    with window.office.reading() as session:
        printed = related.prints(session, studio)
    assert [p.copy for p in printed] == [2, 1]
    page = opened(window, Studio)
    assert page.prints.isVisible() and page.has_forms and page.print_button.isVisible()


def test_a_hidden_register_is_not_seen_beside_a_member(window: MainWindow) -> None:
    from app.services import guarded

    guarded.let(window.office, window.office.user.name, may=False)
    with window.office.reading() as session:
        member = session.scalars(select(Member.id)).first()
        assert not [r for r in related.around(session, Member, member or "") if r.register.guarded]
