"""A form's texts and boxes are changed by the administrator, seen before, and never kept so that they cannot be printed."""

from collections.abc import Callable

import pytest

from app.printing import template
from app.services import form_editing, form_jobs
from app.services.claims import making
from app.services.form_editing import BOUND, NUMBER, TEXT
from app.services.office import Office
from db.problems import UserError
from tests.app.printing.test_forms import pages_of
from tests.app.services.test_claims import ready


def spot(toml: str, value: str) -> form_editing.Spot:
    return next(s for s in form_editing.spots(toml) if s.value == value)


@pytest.mark.parametrize("name", template.form_names())
def test_every_form_can_be_looked_at_changed_and_drawn(name: str) -> None:
    toml = template.shipped(name)
    found = form_editing.spots(toml)
    assert found[0].where == "表名" and len(found) > 3 and {s.kind for s in found} <= {TEXT, BOUND, NUMBER}
    assert form_editing.preview(name, toml).startswith(b"%PDF")
    for one in found:  # what is written back is what was there
        changed = form_editing.change(toml, one.path, one.value)
        assert [s.value for s in form_editing.spots(changed)] == [s.value for s in found]
    assert form_editing.change(toml, found[0].path, found[0].value) == toml, "comments and order stay"


def test_a_changed_text_is_printed_from_the_next_paper_on_and_restored(office: Office, add: Callable[..., str]) -> None:
    claim = making.propose(office, ready(add, "技能提升补贴"))
    toml = form_editing.source(office, "subsidy_application")
    changed = form_editing.change(toml, ("title",), "技能补贴申请表（2026 版）")
    changed = form_editing.change(changed, spot(changed, "会员卡号").path, "服务卡号")
    form_editing.keep(office, "subsidy_application", changed)
    page = pages_of(form_jobs.job_named(office, "subsidy_application", [claim]).pdf)[0]
    assert "技能补贴申请表（2026 版）" in page and "服务卡号" in page and form_editing.origin(office, "subsidy_application") == "本工会改过"
    form_editing.restore(office, "subsidy_application")
    assert "服务卡号" not in pages_of(form_jobs.job_named(office, "subsidy_application", [claim]).pdf)[0]


def test_rows_are_added_and_taken_away() -> None:
    toml = template.shipped("subsidy_application")
    one = spot(toml, "姓名")
    more = form_editing.double(toml, one.path)
    assert [s.value for s in form_editing.spots(more)].count("姓名") == 2
    assert form_editing.spots(form_editing.drop(more, one.path))[3:] == form_editing.spots(toml)[3:]
    with pytest.raises(UserError, match="不能加"):
        form_editing.double(toml, ("title",))
    with pytest.raises(UserError, match="不能去掉"):
        form_editing.drop(toml, ("foot",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda toml: toml + "\n[[block", "读不懂"), (lambda toml: toml.replace("{member.full_name}", "{member.nick_name}"), "没有这一项"), (lambda toml: toml.replace("|capitals}", "|shouted}"), "|shouted"),
        (lambda toml: toml.replace('register = "subsidy_application"', 'register = "member"'), "不能改"), (lambda toml: toml.replace('kind = "grid"', 'kind = "maze"', 1), "写错了 block"), (lambda toml: toml.replace("code =", "kode ="), "少了"),
        (lambda toml: toml.replace('form = ["no",', 'form = ["secret", "no",').replace("{form.no} ·", "{form.secret} ·"), "没有这一项"),
    ],
)
def test_what_could_not_be_printed_is_said_and_not_kept(office: Office, change: Callable[[str], str], said: str) -> None:
    toml = template.shipped("subsidy_application")
    assert change(toml) != toml
    with pytest.raises(UserError, match=said.replace("|", r"\|")):
        form_editing.keep(office, "subsidy_application", change(toml))
    assert form_editing.source(office, "subsidy_application") == toml


@pytest.mark.parametrize("text", ["宽", "-1", "99999", "nan"])
def test_a_size_is_a_number(text: str) -> None:
    toml = template.shipped("subsidy_application")
    width = next(s for s in form_editing.spots(toml) if s.kind == NUMBER and s.path[-1] == "w")
    with pytest.raises(UserError, match="尺寸"):
        form_editing.change(toml, width.path, text)


def test_the_districts_edition_stands_before_ours_and_may_bring_a_form_that_is_new(office: Office) -> None:
    import json

    from app.services.records import ActKind
    from db.registers import DistrictItem, Member

    own = template.shipped("joining_application").replace("入会申请书", "入会申请")
    form_editing.keep(office, "joining_application", own)
    pack = {"joining_application": own.replace("入会申请", "区里的入会申请"), "member_card": template.shipped("member_registration").replace('title = "', 'title = "新').replace('code = "', 'code = "X')}
    with office.act(ActKind.RECEIPT, "下发") as act:
        for name, toml in pack.items():
            act.create(DistrictItem, {"kind": "form", "key": name, "body": json.dumps({"name": name, "toml": toml}, ensure_ascii=False)})
        act.create(DistrictItem, {"kind": "form", "key": "for_tomorrow", "body": json.dumps({"name": "for_tomorrow", "toml": "title = 1"})})
    titles = {form.name: form.title for form in form_jobs.forms_of(office, Member)}
    assert "区里的" in titles["joining_application"] and titles["member_card"].startswith("新") and "for_tomorrow" not in titles
    assert form_editing.origin(office, "joining_application") == "区里下发"


