"""Files of a record: what may be kept, and by whom it may be touched."""

from collections.abc import Callable

import pytest

from app.services import files, guarded, statistics
from app.services.exchange import items
from app.services.office import Office
from db.dates import PartialDate
from db.problems import UserError
from db.registers import HardshipCase, Member
from tests.conftest import NOW, person


@pytest.fixture
def case(office: Office, add: Callable[..., str]) -> str:
    guarded.let(office, office.user.name, may=True)
    return add(HardshipCase, member=add(Member, **person(1)), consent_on=PartialDate(2026, 1, 1))


def test_files_of_a_hidden_register_are_neither_added_named_nor_taken_away(office: Office, case: str) -> None:
    kept = files.put(office, HardshipCase, case, "病历.pdf", b"%PDF", files.SCAN)
    guarded.let(office, office.user.name, may=False)
    for what in (lambda: files.put(office, HardshipCase, case, "x.pdf", b"%PDF", files.SCAN), lambda: files.rename(office, kept, "别的"), lambda: files.remove(office, kept)):
        with pytest.raises(UserError, match="管理员允许"):
            what()
    with office.vault.engine.connect() as connection:
        assert [k.name for k in files.of_record(connection, case)] == ["病历.pdf"]


def test_a_portrait_that_is_no_picture_is_not_kept(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    with pytest.raises(UserError, match="照片"):
        files.put(office, Member, who, "照片.jpg", b"not a picture", files.PHOTO)


def test_a_target_over_a_hidden_register_is_not_counted_for_whom_it_is_hidden(office: Office, case: str) -> None:
    row = items.shipped_rows("target")[0]
    items.keep_own(office, "target", {**row, "count": "assisted", "title": "帮扶", "valid_from": "2026-01-01"})
    with office.vault.engine.connect() as connection:
        assert "assisted" in {t.count for t in statistics.targets(connection, NOW.year, hidden=office.hidden)}
    guarded.let(office, office.user.name, may=False)
    with office.vault.engine.connect() as connection:
        assert "assisted" not in {t.count for t in statistics.targets(connection, NOW.year, hidden=office.hidden)}
