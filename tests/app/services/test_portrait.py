"""Portrait photographs: what is asked of them, and that what we cut has it."""

import io
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from app.services import entries, files, form_jobs, portrait
from app.services.office import Office
from app.services.portrait import Crop, PhotoRule
from db.problems import UserError
from db.registers import Certificate, Competition, Entry, Member
from tests.conftest import person

BLUE, WHITE = (67, 142, 219), (252, 252, 252)
CITY = portrait.rule_on(None, "市级竞赛蓝底照", date(2026, 1, 1))
assert CITY is not None


def somebody(ground: tuple[int, int, int] = BLUE, *, width: int = 900, height: int = 1200, at: float = 0.5, size: float = 1.0) -> Image.Image:
    """An invented head and shoulders before a plain background."""
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    unit = height * size

    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        return width * at + left * unit, height * 0.15 + top * unit, width * at + right * unit, height * 0.15 + bottom * unit

    draw.rectangle(box(-0.06, 0.3, 0.06, 0.5), fill=(225, 180, 150))
    draw.ellipse(box(-0.34, 0.46, 0.34, 1.2), fill=(40, 40, 60))
    draw.ellipse(box(-0.14, 0.02, 0.14, 0.38), fill=(230, 190, 160))
    draw.chord(box(-0.145, 0.0, 0.145, 0.36), 180, 360, fill=(20, 20, 20))
    return picture


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def test_what_we_propose_meets_the_citys_rule_without_a_hand() -> None:
    picture = somebody()
    body = portrait.cut(picture, CITY, portrait.propose(picture, CITY))
    assert portrait.faults(body, CITY) == []
    with Image.open(io.BytesIO(body)) as made:
        assert made.format == "JPEG" and made.width > 400 and made.height > 600
    assert 35 * 1024 <= len(body) <= 50 * 1024


@given(at=st.floats(0.35, 0.65), size=st.floats(0.5, 1.0))
def test_wherever_the_head_is_and_however_large_the_cut_brings_it_to_size(at: float, size: float) -> None:
    picture = somebody(width=600, height=800, at=at, size=size)
    found = portrait.faults(portrait.cut(picture, CITY, portrait.propose(picture, CITY)), CITY)
    assert [p.message for p in found if p.is_error] == []


@given(left=st.floats(-500, 900), top=st.floats(-500, 1200), width=st.floats(40, 2000))
def test_any_cut_has_the_frames_shape_and_the_asked_weight(left: float, top: float, width: float) -> None:
    body = portrait.cut(somebody(width=300, height=400), CITY, Crop(left, top, width))
    with Image.open(io.BytesIO(body)) as made:
        assert made.size == CITY.pixels
    assert len(body) <= CITY.kilobytes[1] * 1024


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lambda: jpeg(somebody(width=300, height=389), 100), "photo-small"), (lambda: jpeg(somebody(width=1200, height=1556), 98), "photo-weight"), (lambda: jpeg(somebody(width=700, height=700)), "photo-shape"),
        (lambda: portrait.cut(somebody(WHITE), CITY, portrait.propose(somebody(WHITE), CITY)), "photo-background"),
    ],
)
def test_what_the_upper_union_would_send_back_is_said_before(body: Callable[[], bytes], code: str) -> None:
    assert code in {p.code for p in portrait.faults(body(), CITY) if p.is_error}


def test_a_head_too_small_asks_for_a_look() -> None:
    picture = somebody(size=0.4)
    whole = portrait.cut(picture, CITY, Crop(0, 0, 900))
    assert "photo-head" in {p.code for p in portrait.faults(whole, CITY)}


@pytest.mark.parametrize("body", [b"", b"not a picture", b"\xff\xd8\xff" + b"0" * 50])
def test_what_is_no_picture_is_said_in_a_sentence(body: bytes) -> None:
    with pytest.raises(UserError, match="照片"):
        portrait.upright(body)


def test_a_contestants_photograph_follows_the_competitions_rule_and_is_printed_on_every_form_of_hers(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, **person())
    competition = add(Competition, name="市级竞赛", trades="电工", photo_rule="市级竞赛蓝底照")
    (entry,) = entries.enter(office, competition, "电工", [member]).entries
    certificate = add(Certificate, member=member, occupation="电工")
    with office.vault.engine.connect() as connection:
        today = office.clock().date()
        assert files.photo_rule(connection, Entry, entry, today) == CITY
        usual = files.photo_rule(connection, Certificate, certificate, today)
        assert isinstance(usual, PhotoRule) and usual.id == portrait.USUAL
        owner, owner_id = files.whose_photo(connection, Entry, entry)
        assert (owner, owner_id) == (Member, member)
    files.put(office, owner, owner_id, "照片.jpg", portrait.cut(somebody(), CITY, Crop(0, 0, 900)), files.PHOTO)
    files.put(office, owner, owner_id, "照片.jpg", portrait.cut(somebody(), CITY, Crop(10, 0, 880)), files.PHOTO)
    with office.vault.engine.connect() as connection:
        assert [k.role for k in files.of_record(connection, member)] == [files.PHOTO], "a new portrait takes the place of the old"
    assert b"/Subtype /Image" in form_jobs.job_named(office, "competition_entry", [entry]).pdf
