"""Photos of a lecture, kept in the vault: scaled down, turned upright, without what the camera knew of place and time."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Table, func, select

from app.services.office import Office
from app.services.records import ActKind
from db.door_tables import LecturePhoto
from db.problems import UserError
from db.record import new_id

LONGEST_SIDE = 1600
"""Pixels; about 250 dpi in the report's frame."""
LONGEST_CAPTION = 30
MOST, MOST_FILE, MOST_PIXELS = 24, 60 << 20, 120_000_000
MOST_SENT = 700_000
"""Bytes of a photo in a package (app/sync/FORMAT.md, 10)."""
_TABLE = cast(Table, LecturePhoto.__table__)


@dataclass(frozen=True)
class Photo:
    id: str
    caption: str
    width: int
    height: int
    body: bytes


def of_lecture(connection: Connection, lecture: str) -> list[Photo]:
    rows = connection.execute(select(_TABLE).where(_TABLE.c.lecture == lecture).order_by(_TABLE.c.id))
    return [Photo(row.id, row.caption, row.width, row.height, row.body) for row in rows]


def add(office: Office, lecture: str, path: Path, caption: str = "") -> str:
    """Keep a picture; its id. UserError where it is none, or one too many."""
    office.clerks_only()
    try:
        if path.stat().st_size > MOST_FILE:
            raise UserError(f"“{path.name}”太大了，请用 {MOST_FILE >> 20} MB 以下的照片。")
        body, size = scaled(path.read_bytes(), path.name)
    except OSError as e:
        raise UserError(f"读不到“{path.name}”，请看文件还在不在。") from e
    with office.act(ActKind.SETTING, f"加照片：{path.name}") as act:
        if act.connection.execute(select(func.count()).select_from(_TABLE).where(_TABLE.c.lecture == lecture)).scalar_one() >= MOST:
            raise UserError(f"一场讲座最多放 {MOST} 张照片，请先去掉几张。")
        made = new_id()
        act.connection.execute(_TABLE.insert().values(id=made, lecture=lecture, caption=caption[:LONGEST_CAPTION], added_at=act.at, width=size[0], height=size[1], body=body))
        act.note(lecture=lecture, photo=made)
    return made


def small_enough(body: bytes, *, most: int = MOST_SENT) -> bytes:
    """The picture in at most so many bytes: squeezed harder, then made smaller, until it is."""
    from PIL import Image

    quality, side = 76, LONGEST_SIDE
    while len(body) > most:
        with Image.open(io.BytesIO(body)) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((side, side))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        body, quality, side = out.getvalue(), max(quality - 10, 40), int(side * 0.85)
    return body


def scaled(body: bytes, name: str) -> tuple[bytes, tuple[int, int]]:
    """The picture upright and at most so large, as JPEG, with its width and height. UserError where it is none."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(body)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise UserError(f"“{name}”太大了，请先缩小再放进来。")
            opened.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    except UserError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as e:
        raise UserError(f"“{name}”不是能认得的照片，请存成 JPG 或 PNG 再放进来。") from e
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=84, optimize=True)
    return out.getvalue(), picture.size


def name(office: Office, photo: str, caption: str) -> None:
    office.clerks_only()
    with office.writing() as connection:
        connection.execute(_TABLE.update().where(_TABLE.c.id == photo).values(caption=caption.strip()[:LONGEST_CAPTION]))


def remove(office: Office, photo: str) -> None:
    """Gone for good: a picture of people is not kept behind their backs."""
    office.clerks_only()
    with office.act(ActKind.SETTING, "删除照片") as act:
        lecture = act.connection.execute(select(_TABLE.c.lecture).where(_TABLE.c.id == photo)).scalar()
        act.connection.execute(_TABLE.delete().where(_TABLE.c.id == photo))
        act.note(photo=photo, lecture=lecture)
