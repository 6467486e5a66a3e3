"""Letters: text over as many pages as it needs, nothing lost on the way."""

import pytest

from app.printing import engine, template
from app.services import form_editing
from tests.app.printing.test_forms import pages_of, with_dates

LETTERS = [name for name in template.form_names() if template.load(name).flow]


@pytest.mark.parametrize("name", LETTERS)
def test_a_long_letter_turns_the_page_and_ends_with_who_signs(name: str) -> None:
    form, context = template.load(name), with_dates(template.sample(name))
    long = {source: {key: f"{value}{'很长的内容，' * 60}完" if isinstance(value, str) and len(value) > 12 else value for key, value in values.items()} if isinstance(values, dict) else values for source, values in context.items()}
    short, pages = pages_of(engine.render(form, [context])), pages_of(engine.render(form, [long]))
    assert len(pages) > len(short) == 1
    assert f"— {len(pages)} —" in pages[-1] and f"共 {len(pages)} 页" in pages[0]
    assert sum(page.count("完") for page in pages) > 1


def test_a_box_in_a_letter_that_is_too_small_goes_on_in_its_annex() -> None:
    toml = template.shipped("nomination_notice") + '\n[[block]]\nkind = "grid"\nrows = [ [ { label = "说明", w = 20 }, { value = "{nomination.deeds}", w = 80 } ] ]\n'
    form = template.parse("nomination_notice", toml)
    context = {source: dict(values) if isinstance(values, dict) else values for source, values in with_dates(template.sample("nomination_notice")).items()}
    context["nomination"]["deeds"] = "带班多年。" * 60 + "讫"
    pages = pages_of(engine.render(form, [context]))
    assert "附页" in "".join(pages[:-1]) and "讫" in pages[-1] and form_editing.spots(toml)
