"""A lecture from plan to report: steps, list, seats, photos, papers, the year's figures."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from app.services import paperwork
from app.services.checkin import after, doorfile, finding
from app.services.checkin.door import Door
from app.services.lectures import invite, life, papers, photos, year
from app.services.lectures.invite import Choice
from app.services.lectures.year import Year
from app.services.office import Office
from app.services.records import ActKind
from db.problems import UserError
from db.registers import Lecture, LectureSession, Member, Registration
from tests.conftest import NOW, person

Add = Callable[..., str]


@pytest.fixture
def people(add: Add) -> list[str]:
    """Twelve: every third a woman, every fourth a migrant worker, in two departments; one left, one is retired."""
    return [
        add(Member, **person(n, gender="女" if n % 3 == 0 else "男", is_migrant_worker=n % 4 == 0, department=f"{n % 2}车间", membership_event="退会" if n == 10 else None, employment_status="退休" if n == 11 else "在岗"))
        for n in range(12)
    ]


@pytest.fixture
def held(office: Office, add: Add, people: list[str]) -> str:
    """A lecture that was held: three came."""
    lecture = add(Lecture, topic="健康讲座", starts_at=NOW, state="签到中", planned_count=10, speaker_fee=Decimal(2000), speaker_paid=Decimal("1800.50"), very_satisfied=8, satisfied=1, not_satisfied=1)
    door = Door(office, lecture)
    for n in range(3):
        door.arrive(f"A{n:05}")
    door.close()
    return lecture


def picture(path: Path, size: tuple[int, int] = (3000, 2000), form: str = "JPEG", **more: object) -> Path:
    Image.new("RGB", size, (200, 80, 40)).save(path, form, **more)
    return path


def pages_of(pdf: bytes) -> list[str]:
    document = pdfium.PdfDocument(pdf)
    found = [document[n].get_textpage().get_text_range().replace("\r\n", "") for n in range(len(document))]
    document.close()
    return found


def picture_of(pdf: bytes, page: int = 0, scale: float = 3) -> Image.Image:
    document = pdfium.PdfDocument(pdf)
    made: Image.Image = document[page].render(scale=scale).to_pil()
    document.close()
    return made


# -- steps


def test_each_step_names_what_its_paper_would_have_blank(office: Office, lecture: str) -> None:
    with office.vault.engine.connect() as connection:
        found = life.steps(connection, lecture)
    assert [step.state for step in found] == list(life.STATES) and [step.state for step in found if step.is_now] == ["签到中"]
    assert "主讲人" in found[0].missing and "题目" not in found[0].missing
    assert any("照片" in words for words in found[4].missing) and "签到" in found[4].missing


def test_a_lecture_is_reported_only_with_a_summary_and_people(office: Office, lecture: str, held: str) -> None:
    with pytest.raises(UserError, match="小结、签到"):
        life.move(office, lecture, "已反馈")
    with office.act(ActKind.EDIT, "小结") as act:
        act.change(Lecture, held, {"summary": "很好。"})
    life.move(office, held, "已反馈")
    life.move(office, held, "结束")
    with office.reading() as session:
        assert session.scalars(select(Lecture.state).where(Lecture.id == held)).one() == "结束"


def test_seats_are_reckoned_from_the_list_and_from_who_came_before(office: Office, add: Add, people: list[str], lecture: str) -> None:
    earlier = add(Lecture, topic="上次", starts_at=NOW - timedelta(days=30), state="签到中")
    for n in range(10):
        add(Registration, lecture=earlier, member=people[n], full_name="x")
    door = Door(office, earlier)
    for n in range(8):
        door.arrive(f"A{n:05}")
    door.close()
    life.move(office, earlier, "结束")
    for n in range(10):
        add(Registration, lecture=lecture, member=people[n], full_name="x")
    with office.act(ActKind.EDIT, "容量") as act:
        act.change(Lecture, lecture, {"capacity": 6})
    with office.vault.engine.connect() as connection:
        found = life.seats(connection, lecture)
    assert (found.listed, found.rate, found.expected) == (10, 80, 8)
    assert "差 2 个座位" in found.sentence
    hall = add(LectureSession, lecture=lecture, name="甲", starts_at=NOW, capacity=40)
    assert hall
    with office.vault.engine.connect() as connection:
        assert "还余 32 个座位" in life.seats(connection, lecture).sentence


# -- the list


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), (Choice(retired=True), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11}), (Choice(women=True), {0, 3, 6, 9}), (Choice(migrants=True), {0, 4, 8}),
        (Choice(departments=frozenset({"1车间"})), {1, 3, 5, 7, 9}), (Choice(women=True, departments=frozenset({"1车间"})), {3, 9}), (Choice(not_yet=True), {3, 4, 5, 6, 7, 8, 9}),
    ],
)
def test_the_list_is_drawn_from_the_roster(office: Office, held: str, people: list[str], add: Add, choice: Choice, expected: set[int]) -> None:
    new = add(Lecture, topic="下一场", starts_at=NOW)
    with office.vault.engine.connect() as connection:
        found = invite.candidates(connection, new, choice, NOW)
    assert {people.index(c.id) for c in found} == expected


def test_who_is_on_the_list_is_not_asked_again_and_few_seats_go_to_those_who_were_at_none(office: Office, held: str, people: list[str], add: Add) -> None:
    new = add(Lecture, topic="下一场", starts_at=NOW)
    with office.vault.engine.connect() as connection:
        few = invite.candidates(connection, new, Choice(most=7), NOW)
    assert {c.been for c in few} == {0} and len(few) == 7
    assert invite.invite(office, new, few) == 7
    with office.vault.engine.connect() as connection:
        rest = invite.candidates(connection, new, Choice(), NOW)
    assert {people.index(c.id) for c in rest} == {0, 1, 2}
    with pytest.raises(UserError):
        invite.invite(office, new, [])


def test_striking_the_list_keeps_who_signed_in(office: Office, lecture: str, people: list[str], add: Add) -> None:
    for n in range(4):
        add(Registration, lecture=lecture, member=people[n], full_name="x")
    door = Door(office, lecture)
    door.arrive("A00002")
    door.close()
    assert invite.strike(office, lecture) == 3
    assert papers.listed(office, lecture) == [people[2]]


# -- photos


def test_a_photo_is_scaled_down_turned_upright_and_tells_nothing_of_the_camera(office: Office, lecture: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of Somebody"
    photos.add(office, lecture, picture(tmp_path / "a.jpg", exif=exif), "会场")
    with office.vault.engine.connect() as connection:
        kept = photos.of_lecture(connection, lecture)[0]
    opened = Image.open(io.BytesIO(kept.body))
    assert opened.size == (kept.width, kept.height) == (1067, 1600)
    assert b"Somebody" not in kept.body and not opened.getexif()
    photos.name(office, kept.id, "主会场")
    with office.vault.engine.connect() as connection:
        assert photos.of_lecture(connection, lecture)[0].caption == "主会场"
    photos.remove(office, kept.id)
    with office.vault.engine.connect() as connection:
        assert photos.of_lecture(connection, lecture) == []


@pytest.mark.parametrize("body", [b"", b"not a picture", b"\xff\xd8\xff\xe0 cut off"])
def test_what_is_no_photo_is_refused_in_words(office: Office, lecture: str, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(body)
    with pytest.raises(UserError, match="照片"):
        photos.add(office, lecture, path)
    with pytest.raises(UserError):
        photos.add(office, lecture, tmp_path / "missing.jpg")


# -- papers


def test_the_application_and_the_notice_carry_all_sessions(office: Office, lecture: str, add: Add) -> None:
    for name, hall in (("上午场", "一号厅"), ("下午场", "二号厅")):
        add(LectureSession, lecture=lecture, name=name, starts_at=NOW, hall=hall, capacity=100)
    for form, context in (("lecture_application", papers.application(office, lecture)), ("lecture_notice", papers.notice(office, lecture))):
        text = "".join(pages_of(paperwork.render(office, form, [context])))
        assert "健康讲座" in text and "上午场" in text and "二号厅" in text


def test_the_report_counts_who_signed_in_and_shows_the_photos(office: Office, held: str, tmp_path: Path) -> None:
    for n in range(5):
        photos.add(office, held, picture(tmp_path / f"{n}.png", (400, 300), "PNG"), f"照片{n}")
    context = papers.report(office, held)
    form = context["form"]
    assert (form["attendances"], form["people"], form["women"], form["migrants"], form["guests"]) == (3, 3, 1, 1, 0)
    assert form["satisfaction"] == "满意率 90 %" and form["paid"] == Decimal("1800.50") and "不到 200" in form["proof"]
    pdf = paperwork.render(office, "activity_report", [context])
    text = "".join(pages_of(pdf))
    assert "照片0" in text and "照片3" in text and "照片4" not in text
    drawn = picture_of(pdf)
    assert sum(count for count, (red, green, blue) in drawn.getcolors(1 << 24) if abs(red - 200) < 8 and abs(green - 80) < 8 and abs(blue - 40) < 8) > 20_000


def test_everybody_who_came_gets_one_certificate_in_one_job(office: Office, held: str, people: list[str]) -> None:
    context = papers.certificates(office, held)
    pages = pages_of(paperwork.render(office, "attendance_certificate", [context]))
    assert len(pages) == 2 and len(context["cards"]) == 3
    assert all(person(n)["full_name"] in "".join(pages) for n in range(3)) and f"{NOW.astimezone():%H:%M} 实名签到" in pages[0]
    with office.reading() as session:
        some = session.scalars(select(Member.id)).first()
    assert some
    new = papers.badges(office, [some])
    assert len(new["cards"]) == 1


def test_certificates_of_a_lecture_nobody_came_to_are_refused(office: Office, lecture: str) -> None:
    with pytest.raises(UserError, match="还没有人签到"):
        papers.certificates(office, lecture)


def test_badges_stand_ten_on_a_sheet_and_their_codes_open_the_door(office: Office, lecture: str, people: list[str]) -> None:
    pdf = paperwork.render(office, "badge", [papers.badges(office, people)])
    pages = pages_of(pdf)
    assert len(pages) == 2
    read = [code.text for page in range(2) for code in zxingcpp.read_barcodes(picture_of(pdf, page))]
    assert sorted(read) == sorted(finding.badge_of(office.vault.keys.vault_id, member) for member in people)
    outcome = Door(office, lecture).arrive(read[0])
    assert outcome.person is not None and outcome.person.id in people
    assert not any(person(n)[name] in "".join(pages) for n in range(12) for name in ("id_number", "mobile"))


def test_the_doors_slip_carries_the_code_and_the_door_file_does_not(office: Office, lecture: str, people: list[str]) -> None:
    made = doorfile.make(office, lecture, "东门")
    text = "".join(pages_of(paperwork.render(office, "door_slip", [papers.door_slip(office, lecture, made, "东门", None)])))
    assert made.code in text and "东门" in text and made.code.encode() not in made.body


def test_each_session_has_a_sign_in_sheet_of_its_own(office: Office, lecture: str, people: list[str], add: Add) -> None:
    for n, name in enumerate(("上午场", "下午场")):
        door = Door(office, lecture, session=add(LectureSession, lecture=lecture, name=name, starts_at=NOW + timedelta(hours=n), hall=f"{n}号厅"))
        door.arrive(f"A0000{n}")
        door.close()
    pages = pages_of(paperwork.sign_in_sheet(office, lecture))
    assert len(pages) == 2
    for n in (0, 1):
        assert f"{n}号厅" in pages[n] and person(n)["full_name"] in pages[n] and person(1 - n)["full_name"] not in pages[n] and "本场合计 1 人" in pages[n]


def test_a_list_is_printed_to_be_signed(office: Office, lecture: str, people: list[str], add: Add) -> None:
    add(Registration, lecture=lecture, member=people[0], full_name="张三甲", unit="一车间")
    heads, widths, rows = papers.list_rows(office, lecture)
    assert heads == ["名单号", "姓名", "单位或部门", "签名"] and rows == [["1", "张三甲", "一车间", ""]]
    assert "张三甲" in "".join(pages_of(paperwork.list_sheet(office, "参加名单", heads, widths, rows, numbered=False)))


# -- the year


def test_person_times_and_people_are_two_figures(office: Office, held: str, add: Add, people: list[str]) -> None:
    second = add(Lecture, topic="第二场", starts_at=NOW + timedelta(days=1), state="签到中", planned_count=5)
    door = Door(office, second)
    door.arrive("A00001")
    door.arrive("A00005")
    door.close()
    add(Lecture, topic="还没办", starts_at=NOW + timedelta(days=20), state="计划")
    with office.vault.engine.connect() as connection:
        found = year.figures(connection, Year.calendar(2026))
        assert after.headcount(connection, second) == (2, 2)
    assert (found.held, found.planned, found.attendances, found.people, found.proven) == (2, 3, 5, 4, 0)


@pytest.mark.parametrize(("starts", "calendar", "from_october"), [(datetime(2026, 9, 30, 15, tzinfo=UTC), 2026, 2026), (datetime(2026, 10, 1, 4, tzinfo=UTC), 2026, 2027), (datetime(2025, 12, 31, 12, tzinfo=UTC), 2025, 2026)])
def test_a_lecture_counts_in_its_calendar_year_and_in_its_year_from_october(office: Office, add: Add, starts: datetime, calendar: int, from_october: int) -> None:
    lecture = add(Lecture, topic="跨年", starts_at=starts)
    with office.vault.engine.connect() as connection:
        for n in (2025, 2026, 2027):
            assert [line.id for line in year.figures(connection, Year.calendar(n)).lines] == ([lecture] if n == calendar else [])
            assert [line.id for line in year.figures(connection, Year.from_october(n)).lines] == ([lecture] if n == from_october else [])


def test_the_years_workbook_has_list_sums_and_charts_and_no_formula(office: Office, held: str, add: Add, tmp_path: Path) -> None:
    add(Lecture, topic="=1+1", starts_at=NOW)
    path = tmp_path / "year.xlsx"
    found = year.write(office, Year.calendar(2026), path)
    book = openpyxl.load_workbook(path)
    sheet = book["全年台账"]
    assert [cell.value for cell in sheet[3]][:4] == ["序号", "时间", "题目", "主题类别"]
    assert {sheet.cell(row, 3).value for row in (4, 5)} == {"健康讲座", "=1+1"} and all(sheet.cell(row, 3).data_type == "s" for row in (4, 5))
    assert sheet.cell(6, 11).value == found.attendances == 3 and found.sentence in sheet["A2"].value
    assert len(sheet._charts) == 1 and len(book["按月"]._charts) == 1
    assert book["按月"].cell(12, 3).value == 3
