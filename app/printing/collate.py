"""In which order pages go to a printer: copies, both sides, one form after the other. Pure numbers, no printer."""

from collections.abc import Sequence

BLANK = -1
"""An empty page: the back of a form's last sheet, so that the next begins on a front."""


def order(pages: int, starts: Sequence[int] = (0,), *, copies: int = 1, together: bool = False, duplex: bool = False) -> list[int]:
    """Page numbers from 0 in the order in which they are printed.

    `starts` are the first pages of each form. All forms come in their order, so many times; with `together` the copies of each
    form follow each other. On both sides every form begins on a front.
    """
    ends = [*starts[1:], pages]
    forms = [list(range(first, last)) for first, last in zip(starts, ends, strict=True) if first < last]
    if duplex and (len(forms) > 1 or copies > 1):
        forms = [form + [BLANK] * (len(form) % 2) for form in forms]
    times = [form for form in forms for _ in range(copies)] if together else forms * copies
    found = [page for form in times for page in form]
    return found[:-1] if found and found[-1] == BLANK else found
