"""What fits where: numbers stay whole, boxes stay where they are, and what is signed for stays on its page."""

from decimal import Decimal
from typing import Any

import pypdfium2 as pdfium
import pytest

from app.printing import engine, template
from tests.app.printing.test_forms import pages_of, with_dates


def words_at(pdf: bytes, words: str, page: int = 0) -> tuple[float, float]:
    """Where words stand: left and bottom in points."""
    document = pdfium.PdfDocument(pdf)
    text = document[page].get_textpage()
    found = text.search(words).get_next()
    assert found is not None, words
    left, bottom, _, _ = text.get_charbox(found[0])
    document.close()
    return left, bottom


def printed(name: str, **changed: dict[str, Any]) -> bytes:
    context = with_dates(template.sample(name))
    for source, values in changed.items():
        context[source] = {**context[source], **values}
    return engine.render(template.load(name), [context])


@pytest.mark.parametrize("amount", ["2000.00", "20000.00", "128650.75"])
def test_an_amount_in_a_narrow_column_stays_on_one_line(amount: str) -> None:
    context = with_dates(template.sample("subsidy_summary"))
    context["rows"] = [{**row, "amount": Decimal(amount)} for row in context["rows"]]
    assert amount in "".join(pages_of(engine.render(template.load("subsidy_summary"), [context]))).replace(",", "")


def test_a_long_union_name_above_the_boxes_moves_no_value_out_of_its_box() -> None:
    name = template.sample("joining_application")["member"]["full_name"]
    short, long = (words_at(printed("joining_application", union={"name": union}), name) for union in ("某厂工会", "北京市朝阳区某某街道某某机电设备安装工程股份有限责任公司工会委员会联合会"))
    assert short == long


def test_the_annex_says_of_which_row_it_is() -> None:
    context = with_dates(template.sample("subsidy_summary"))
    rows = [dict(row) for row in context["rows"]]
    rows[1]["member_full_name"] = "很长的名字" * 30
    pages = pages_of(engine.render(template.load("subsidy_summary"), [{**context, "rows": rows}]))
    assert "（第 2 行）" in pages[-1]


@pytest.mark.parametrize("name", [name for name in template.form_names() if "pledge" in template.load(name).sources])
def test_half_as_long_a_pledge_again_is_still_signed_for_on_the_page(name: str) -> None:
    context = with_dates(template.sample(name))
    [(key, text)] = context["pledge"].items()
    context["pledge"] = {key: text + text[: len(text) // 2]}
    assert "见附页" not in "".join(pages_of(engine.render(template.load(name), [context])))


def test_a_foot_of_any_length_stays_on_the_page_and_off_its_number() -> None:
    pdf = printed("subsidy_application", form={"no": "很长的编号" * 40})
    document = pdfium.PdfDocument(pdf)
    text = document[0].get_textpage().get_text_range().replace("\r\n", "")
    for thing in document[0].get_objects(max_depth=1):
        left, bottom, right, _ = thing.get_bounds()
        assert right <= left or (bottom >= 5 and right <= document[0].get_width() - 10)
    document.close()
    assert "第 1 页 共" in text
