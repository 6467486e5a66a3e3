"""Every answer of the door in every look, and a second door with its book brought back: what the demonstration shows of a lecture."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtTest import QTest
from sqlalchemy import select

from app.services import paperwork, setup
from app.services.checkin import doorfile, finding
from app.services.checkin.answers import Answer
from app.services.checkin.door import Door
from app.services.lectures import papers
from app.services.office import Office
from app.services.records import ActKind
from app.ui import theme
from app.ui.kiosk.door import DoorWindow
from db.registers import Lecture, LectureSession, Member, Registration

LOOKS = (("light", 1.0, (1366, 768), False), ("dark", 1.0, (1366, 768), False), ("light", 1.0, (1920, 1080), False), ("dark", 1.0, (1920, 1080), False), ("light", 1.0, (1366, 768), True), ("dark", 1.0, (1920, 1080), True))
"""Theme, scale, size, big letters."""
STRANGER = "ffffffff-0000-7000-8000-000000000000"


def the_lecture(office: Office) -> Lecture:
    with office.reading() as session:
        return session.scalars(select(Lecture)).one()


def bring_about(door: DoorWindow) -> Iterator[Answer]:
    """Every answer of the door, one after the other, on a practice union."""
    office, lecture = door.office, door.lecture.id

    def change(**values: Any) -> None:
        with office.act(ActKind.EDIT, "演示") as act:
            act.change(Lecture, lecture, values)

    for answer, typed in (
        (Answer.ADMITTED, "B10001"), (Answer.ALREADY, "B10001"), (Answer.SEVERAL, "w"), (Answer.UNKNOWN, "不在名册的人"), (Answer.NOT_MEMBER, "B10021"),
        (Answer.OTHER_UNIT, finding.badge_of(STRANGER, STRANGER)), (Answer.UNREADABLE, "***"),
    ):
        door.take(typed)
        yield answer
    door.walk_in("周一鸣", "外单位", "")
    yield Answer.WALK_IN
    with office.act(ActKind.EDIT, "演示") as act:
        here, there = (act.create(LectureSession, {"lecture": lecture, "name": name, "starts_at": door.lecture.starts_at}) for name in ("上午场", "下午场"))
        member = act.connection.execute(select(Member.id).where(Member.employee_no == "B10002")).scalar_one()
        act.create(Registration, {"lecture": lecture, "session": there, "member": member, "full_name": "演示"})
    door.take("B10003")
    yield Answer.NOT_LISTED
    door.door.session = here
    door.take("B10002")
    yield Answer.WRONG_SESSION
    door.door.session = None
    with office.act(ActKind.EDIT, "演示") as act:
        for line in act.connection.execute(select(Registration.id)).scalars().all():
            act.remove(Registration, line)
    change(capacity=1)
    door.take("B10004")
    yield Answer.FULL
    for state, answer in (("计划", Answer.NOT_OPEN), ("结束", Answer.CLOSED)):
        change(state=state)
        door.take("B10005")
        yield answer


def picture_answers(out: Path) -> int:
    """A picture of every answer in every look under `out`; how many."""
    before, count = (theme.theme().name, theme.theme().scale), 0
    for name, scale, size, big in LOOKS:
        theme.theme().apply(name=name, scale=scale)
        folder = out / f"{name}-{size[0]}{'-big' if big else ''}"
        folder.mkdir(parents=True)
        office = setup.create_practice(out / f".union-{folder.name}")
        window = DoorWindow(office, the_lecture(office), door="东门")
        window.resize(*size)
        window.show()
        if big:
            window.toggle_big()
        for answer in bring_about(window):
            QTest.qWait(30)
            window.grab().save(str(folder / f"{answer.value}.png"))
            count += 1
        window.shut()
        office.vault.close()
    theme.theme().apply(name=before[0], scale=before[1])
    return count


def second_door(office: Office, out: Path, numbers: list[str]) -> dict[str, int]:
    """Send a door out on a stick, sign people in there, bring its book back; what came of it."""
    stick = out / "U盘-签到"
    stick.mkdir()
    lecture = the_lecture(office).id
    made = doorfile.make(office, lecture, "东门")
    (stick / made.file_name).write_bytes(made.body)
    (out / "签到处纸条.pdf").write_bytes(paperwork.render(office, "door_slip", [papers.door_slip(office, lecture, made, "东门", None)]))
    away = doorfile.set_up(stick / made.file_name, made.code, out / "门口电脑")
    door = Door(away, lecture, name="东门")
    for number in numbers:
        door.arrive(number)
    book = doorfile.take_away(away, stick)
    away.vault.close()
    first, again = doorfile.bring_back(office, book), doorfile.bring_back(office, book)
    return {"brought_back": first.new, "brought_again": again.new}


def papers_of(office: Office, out: Path) -> None:
    """Every paper of the lecture."""
    lecture = the_lecture(office).id
    makers: dict[str, tuple[str, Callable[[], Any]]] = {
        "申办表": ("lecture_application", lambda: papers.application(office, lecture)), "讲座通知": ("lecture_notice", lambda: papers.notice(office, lecture)),
        "情况反馈表": ("activity_report", lambda: papers.report(office, lecture)), "参加证明": ("attendance_certificate", lambda: papers.certificates(office, lecture)),
        "签到证": ("badge", lambda: papers.badges(office, papers.listed(office, lecture))),
    }
    for name, (form, make) in makers.items():
        (out / f"{name}.pdf").write_bytes(paperwork.render(office, form, [make()]))
