"""Forms as data: every binding exists, every sample prints, every character is there and can be searched."""

from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest

from app.printing import engine, fonts, template
from app.services import form_jobs, paperwork
from app.services.checkin.door import Door
from app.services.claims import making
from app.services.office import Office
from app.services.records import ActKind, Invalid
from db.dates import PartialDate
from db.record import fields_of
from db.registers import REGISTERS, Certificate, Lecture, Member
from tests.conftest import NOW, person

FORMS = template.form_names()
DATES = ("birth_date", "joined_on", "issued_on", "applied_on")
each = pytest.mark.parametrize("name", FORMS)


def with_dates(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: PartialDate.from_iso(v) if k in DATES else with_dates(v) for k, v in node.items()}
    return [with_dates(x) for x in node] if isinstance(node, list) else node


def pages_of(pdf: bytes) -> list[str]:
    document = pdfium.PdfDocument(pdf)
    found = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    document.close()
    return found


@each
def test_every_binding_of_a_form_exists(name: str) -> None:
    form = template.load(name)
    registers = {r.__tablename__: {f.name for f in fields_of(r)} for r in REGISTERS}
    for source, field, filters in template.bindings(form):
        kind = form.sources[source]
        assert field in (form.values[source] if kind == "values" else registers[kind]), f"{{{source}.{field}}}"
        assert set(filters.split("|")[1:]) <= set(template.FILTERS)


@each
def test_the_sample_fills_every_binding_and_prints_on_the_pages_that_the_form_has(name: str) -> None:
    form = template.load(name)
    pages = pages_of(engine.render(form, [with_dates(template.sample(name))]))
    sheets = 1 + sum(block["kind"] == "page_break" for block in form.blocks)
    assert len(pages) == (sheets if form.sheet == "A4" else sheets // 2)
    assert form.title in "".join(pages)


@each
def test_nothing_is_drawn_outside_the_printers_margin_of_five_millimetres(name: str) -> None:
    document = pdfium.PdfDocument(engine.render(template.load(name), [with_dates(template.sample(name))]))
    page = document[0]
    width, height = page.get_size()
    margin = 5 / 25.4 * 72
    for thing in page.get_objects(max_depth=1):
        left, bottom, right, top = thing.get_bounds()
        if right > left:
            assert left >= margin and bottom >= margin and right <= width - margin and top <= height - margin
    document.close()


@each
def test_every_form_says_where_it_comes_from(name: str) -> None:
    assert template.load(name).source_note


def test_practice_paper_is_marked_and_real_paper_is_not() -> None:
    form, context = template.load("subsidy_application"), with_dates(template.sample("subsidy_application"))
    assert "练习" in pages_of(engine.render(form, [context], draft=True))[0]
    assert "练习" not in pages_of(engine.render(form, [context]))[0]


@pytest.mark.parametrize("character", ["䶮", "𬭎", "𠀀", "𪜀", "𫝀", "𫠠", "𬺰", "㛃", "鿏", "𣲗", "·"])
def test_rare_characters_print_and_are_found_in_the_pdf(character: str) -> None:
    context = with_dates(template.sample("subsidy_application"))
    context["member"]["full_name"] = f"王{character}"
    assert fonts.missing_from(f"王{character}") == ()
    assert f"王{character}" in pages_of(engine.render(template.load("subsidy_application"), [context]))[0].replace("\r\n", "")


def test_a_character_that_no_font_has_is_named_before_printing(office: Office) -> None:
    context = with_dates(template.sample("subsidy_application"))
    context["member"]["full_name"] = "王\U0003134a"
    said = paperwork.unprintable(office, "subsidy_application", [context])
    assert said is not None and "\U0003134a" in said
    assert fonts.MISSING in pages_of(engine.render(template.load("subsidy_application"), [context]))[0]


def test_a_long_value_is_never_cut_but_goes_to_an_annex() -> None:
    context = with_dates(template.sample("subsidy_application"))
    long = "北京市朝阳区某某某某某某机电设备安装工程股份有限责任公司" * 6
    context["union"]["employer_name"] = long
    pages = pages_of(engine.render(template.load("subsidy_application"), [context]))
    assert len(pages) == 2
    assert long in pages[1].replace("\r\n", "")


def test_several_forms_are_one_job_in_the_order_given() -> None:
    contexts = []
    for n in range(3):
        context = with_dates(template.sample("subsidy_application"))
        context["form"]["no"] = f"BT-2026-00000{n}"
        contexts.append(context)
    pages = pages_of(engine.render(template.load("subsidy_application"), contexts))
    assert [f"BT-2026-00000{n}" in page for n, page in enumerate(pages)] == [True, True, True]


@pytest.mark.parametrize(("amount", "words"), [("1500", "壹仟伍佰元整"), ("2000.50", "贰仟元伍角"), ("0.05", "伍分"), ("100000", "壹拾万元整")])
def test_amounts_in_capitals(amount: str, words: str) -> None:
    assert template.FILTERS["capitals"](amount) == words


def signed_in(office: Office, count: int) -> str:
    with office.act(ActKind.EDIT, "讲座") as act:
        lecture = act.create(Lecture, {"topic": "健康讲座", "starts_at": NOW, "state": "签到中"})
        act.create_many(Member, [person(n) for n in range(count)])
    door = Door(office, lecture)
    for n in range(count):
        door.arrive(f"A{n:05}")
    door.close()
    return lecture


def test_the_sign_in_sheet_has_25_rows_a_page_and_no_full_number(office: Office) -> None:
    lecture = signed_in(office, 30)
    door = Door(office, lecture)
    door.walk_in("周一鸣", unit="外单位")
    door.close()
    pages = pages_of(paperwork.sign_in_sheet(office, lecture))
    assert len(pages) == 2
    assert "本页已签到 25 人" in pages[0] and "本页已签到 6 人" in pages[1] and "本场合计 31 人" in pages[1]
    assert "周一鸣" in pages[1]
    text = "".join(pages)
    assert not any(person(n)["id_number"] in text or person(n)["mobile"] in text for n in range(30))


def test_the_subsidy_form_is_judged_first_and_carries_number_and_digest(office: Office) -> None:
    with office.act(ActKind.EDIT, "证书") as act:
        who = act.create(Member, person(1))
        good = act.create(Certificate, {"member": who, "occupation": "电工", "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True})
    application = making.propose(office, good)
    page = pages_of(form_jobs.job_named(office, "subsidy_application", [application]).pdf)[0]
    assert "BT-2026-000001" in page and "贰仟元整" in page and " ".join(person(1)["id_number"]) in page
    with office.act(ActKind.EDIT, "退会") as act:
        act.change(Member, who, {"membership_event": "退会"})
    with pytest.raises(Invalid, match="不是会员"):
        form_jobs.job_named(office, "subsidy_application", [application])


def test_a_second_print_is_the_second_copy(office: Office) -> None:
    with office.act(ActKind.EDIT, "证书") as act:
        who = act.create(Member, person(1))
        good = act.create(Certificate, {"member": who, "occupation": "电工", "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True})
    application = making.propose(office, good)
    looked_at = form_jobs.job_named(office, "subsidy_application", [application])
    printed = form_jobs.job_named(office, "subsidy_application", [application])
    form_jobs.was_printed(office, printed)
    again = form_jobs.job_named(office, "subsidy_application", [application])
    assert ["第 1 份" in pages_of(done.pdf)[0] for done in (looked_at, printed, again)] == [True, True, False]
    assert "第 2 份" in pages_of(again.pdf)[0]


def test_fonts_and_forms_stay_within_their_size() -> None:
    folder = Path(__file__).resolve().parents[3] / "resources" / "fonts"
    assert sum(p.stat().st_size for p in folder.iterdir()) < 70_000_000
