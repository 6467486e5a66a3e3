"""The order of pages for a printer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.printing.collate import BLANK, order


@pytest.mark.parametrize(
    ("pages", "starts", "asked", "expected"),
    [
        (3, (0, 1), {}, [0, 1, 2]), (3, (0, 1), {"copies": 2}, [0, 1, 2, 0, 1, 2]), (3, (0, 1), {"copies": 2, "together": True}, [0, 0, 1, 2, 1, 2]),
        (3, (0, 1), {"duplex": True}, [0, BLANK, 1, 2]), (3, (0,), {"duplex": True}, [0, 1, 2]), (3, (0,), {"duplex": True, "copies": 2}, [0, 1, 2, BLANK, 0, 1, 2]), (1, (0,), {"copies": 3}, [0, 0, 0]),
    ],
)
def test_forms_come_in_roster_order_and_on_both_sides_each_begins_on_a_front(pages: int, starts: tuple[int, ...], asked: dict[str, int], expected: list[int]) -> None:
    assert order(pages, starts, **asked) == expected  # type: ignore[arg-type]  # flags among numbers


@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=8), copies=st.integers(1, 4), together=st.booleans(), duplex=st.booleans())
def test_no_page_is_lost_or_printed_once_too_often(lengths: list[int], copies: int, together: bool, duplex: bool) -> None:
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    found = order(sum(lengths), starts, copies=copies, together=together, duplex=duplex)
    for page in range(sum(lengths)):
        assert found.count(page) == copies
    if duplex:
        assert all(place % 2 == 0 for place, page in enumerate(found) if page in starts), "every form begins on a front"
