"""A district's day through the real window, off screen: three practice offices report, one is new, one waits; pictures of every page.

What it leaves is what `dev.py run` shows where there is no display, and what a person looks at after a change.
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from sqlalchemy import select

from app.receiver import answer, district, items, merge, offices, review
from app.receiver.decisions import APPROVED
from app.receiver.ui.claims_page import AmountDialog, ClaimsPage, ReasonsDialog, WaitingPage
from app.receiver.ui.down_page import DownPage, LectureDialog, PolicyDialog
from app.receiver.ui.inbox_page import EnrolDialog, InboxPage
from app.receiver.ui.offices_page import OfficesPage
from app.receiver.ui.run import NewReceiver
from app.receiver.ui.settings_page import SettingsPage, SplitDialog
from app.receiver.ui.window import DistrictWindow
from app.services import practice, setup, statistics
from app.services.claims import making
from app.services.exchange import answers, keyring, send
from app.services.office import Office
from app.services.records import ActKind
from app.ui import theme
from app.ui.preferences import Preferences
from app.ui.run import make_application
from db import keyslots, vault
from db.problems import UserError
from db.registers import Member

UNIONS = (("北京练习机电设备有限公司工会委员会", "三里屯街道总工会"), ("北京练习餐饮服务有限公司工会委员会", "三里屯街道总工会"), ("北京练习物业管理有限公司工会委员会", "望京街道总工会"))
SIZE = (1366, 768)


class Day:
    """One district's day."""

    def __init__(self, out: Path) -> None:
        self.out = out
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        make_application(Preferences())
        self._number = 0
        self.summary: dict[str, object] = {}
        self.receiver, _ = district.init(out / "receiver", name="朝阳区总工会（练习）", password="practice-district", practice=True)
        self.receiver.write_key(out / "朝阳区总工会（练习）.udkey")
        self.offices = [self._office(n, name) for n, (name, _) in enumerate(UNIONS)]
        self.stick = out / "U盘"
        self.stick.mkdir()

    def _office(self, n: int, name: str) -> Office:
        union = {**setup.PRACTICE_UNION, "name": name}
        made = setup.create_office(
            self.out / f"union{n}", union=union, administrator="练习", password="practice-union", recovery_code=keyslots.new_recovery_code(), practice=True
        )
        practice.furnish(made)
        with made.vault.engine.connect() as connection:
            claimable = statistics.today(connection, made.clock().astimezone()).claimable
        for one in claimable[: 2 + n]:
            making.propose(made, one.id, one.claim)
        keyring.load_district_key(made, self.out / "朝阳区总工会（练习）.udkey")
        return made

    def shot(self, name: str, widget: QWidget | None = None, size: tuple[int, int] | None = SIZE) -> None:
        target = widget or self.window
        if widget is None and size is not None:
            target.resize(*size)
        target.show()
        QTest.qWait(60)
        self._number += 1
        target.grab().save(str(self.out / f"{self._number:02}-{name}.png"))
        if widget is not None:
            widget.close()

    def wait(self, until: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise RuntimeError("the demonstration waited in vain")
            QTest.qWait(20)

    def go(self) -> None:
        for office in self.offices:
            send.export(office, self.stick)
        self.shot("建立接收端", NewReceiver())
        self.window = DistrictWindow(self.receiver)
        self.shot("概览-空")
        self.inbox()
        for office, (_, street) in zip(self.offices, UNIONS, strict=True):
            offices.set_street(self.receiver, office.vault.keys.vault_id, street)
        self.fork()
        self.decide()
        self.down()
        self.answers()
        for place in self.window.places:
            self.window.go(place.key)
            self.shot(place.title)
        self.other_looks()

    def inbox(self) -> None:
        self.window.go("inbox")
        page = self.window.page("inbox")
        assert isinstance(page, InboxPage)
        page.open_folder(self.stick)
        self.wait(lambda: len(page.grid.items) == 3)
        self.shot("收件")
        self.shot("登记新单位", EnrolDialog(page.grid.items[0]))
        page.look()
        self.wait(lambda: "收下" in page.detail.text())
        self.shot("收件-先看会改什么")
        page.merge_letters(list(page.grid.items), {one.fingerprint for one in page.grid.items})
        self.wait(lambda: all(one.report is not None for one in page.grid.items))
        self.shot("收件-合并以后")
        self.summary["merged"] = sum(one.report.accepted for one in page.grid.items if one.report)

    def fork(self) -> None:
        """One office restored a backup: what differs waits for a person."""
        office = self.offices[1]
        with office.reading() as session:
            who = session.scalars(select(Member.id)).first()
        assert who is not None
        copy = office.vault.back_up()
        for post, one in (("焊工", office), ("钳工", Office(vault.unlock(copy, "练习", "practice-union")))):
            with one.act(ActKind.EDIT, "改岗位") as act:
                act.change(Member, who, {"post": post})
            stick = self.out / f"U盘-{post}"
            stick.mkdir()
            path = send.export(one, stick).path
            try:
                merge.merge(self.receiver, path)
            except UserError as e:
                self.summary["fork"] = str(e)
                answers.take_in(one, answers.look(one, answer.answer(self.receiver, one.vault.keys.vault_id, self.out)))
                merge.merge(self.receiver, send.export(one, self.out).path)
                one.vault.close()
        self.window.go("waiting")
        page = self.window.page("waiting")
        assert isinstance(page, WaitingPage)
        self.summary["waiting"] = len(page.grid.items)
        self.shot("等人决定")

    def decide(self) -> None:
        self.window.go("claims")
        page = self.window.page("claims")
        assert isinstance(page, ClaimsPage)
        self.shot("补贴审批")
        if page.grid.one is not None:
            self.shot("核定金额", AmountDialog(page.grid.one))
            self.shot("退回补正-原因", ReasonsDialog("退回补正", 1))
            page.grid.selectAll()
            page.decide(APPROVED)
            page.state.setCurrentIndex(1)
        self.summary["applications"] = len(page.grid.items)

    def down(self) -> None:
        self.window.go("down")
        page = self.window.page("down")
        assert isinstance(page, DownPage)
        lecture = {"topic": "工伤保险与维权", "starts_at": "2027-03-12T14:00:00+08:00", "place": "区职工服务中心三层报告厅", "seats": "200"}
        page.put("lecture-plan", "20270312 工伤保险与维权", lecture)
        page.put("target", "entries", {"count": "entries", "title": "竞赛报名", "unit": "人次", "wanted": 8, "source": "练习用", "valid_from": "2026-01-01"})
        page.put("code", "upper_union 练习街道总工会", {"table": "upper_union", "term": "练习街道总工会", "aliases": []})
        self.shot("下发")
        self.shot("下发-讲座", LectureDialog(before=lecture))
        self.shot("下发-政策", PolicyDialog())
        items.put(self.receiver, "code", "upper_union 练习街道总工会", None)

    def answers(self) -> None:
        self.window.go("offices")
        page = self.window.page("offices")
        assert isinstance(page, OfficesPage)
        page.make_answer(self.stick)
        self.shot("单位和回执-回执写好")
        self.window.go("settings")
        settings = self.window.page("settings")
        assert isinstance(settings, SettingsPage)
        self.shot("钥匙分片", SplitDialog())
        settings.split(self.out / "钥匙分片", 5, 3)
        self.shot("设置")
        street, _ = district.init(self.out / "street", name="三里屯街道总工会（练习）", password="practice-street", practice=True, role=district.STREET)
        review.load_district_key(street, self.out / "朝阳区总工会（练习）.udkey")
        window = DistrictWindow(street)
        window.go("review")
        window.resize(*SIZE)
        self.shot("街道-初审", window)

    def other_looks(self) -> None:
        for name, scale in (("dark", 1.0), ("light", 2.0)):
            theme.theme().apply(name=name, scale=scale)
            window = DistrictWindow(self.receiver)
            before, self.window = self.window, window
            for place in window.places:
                window.go(place.key)
                self.shot(f"{'深色' if name == 'dark' else '200%'}-{place.title}")
            self.window = before
        theme.theme().apply(name="light", scale=1.0)


def run(out: Path) -> int:
    """0 when the day went through."""
    day = Day(out)
    day.go()
    (out / "summary.json").write_text(json.dumps(day.summary, ensure_ascii=False, indent=1), "utf-8")
    day.receiver.close()
    for office in day.offices:
        office.vault.close()
    print(f"区里的一天：合并 {day.summary['merged']} 条，图片在 {out}")
    return 0
