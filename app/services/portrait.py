"""Portrait photographs for entries and forms: measured against a dated rule, cut to its frame, saved at its size.

The rule is a row of `resources/policies/photos.toml` (北京市 2016 年竞赛报名: blue background, JPEG, above 400 x 600 pixels,
35 to 50 KB, the head 21-24 mm long and 17-19 mm wide in a frame of 27 x 35 mm). Background and head are measured on the
silhouette before a plain background; where that cannot be told, the head is left to the eye, and said so.
"""

import io
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from app.services.exchange.items import row_on
from db.problems import Problem, UserError, warning

if TYPE_CHECKING:
    from PIL.Image import Image

USUAL = "证件照"
"""The rule for the photograph on a form, where no competition asks for more."""
MOST_PIXELS = 120_000_000
_SMALL = 240
"""Pixels across at which a picture is measured."""
_FAR = 70
"""So far apart (sum over red, green, blue) are a background and what stands before it."""


@dataclass(frozen=True)
class PhotoRule:
    """Lengths in millimetres of the frame, sizes in pixels and kilobytes; pairs are width and height, or least and most."""

    id: str
    title: str
    frame: tuple[float, float]
    least_pixels: tuple[int, int]
    kilobytes: tuple[int, int]
    background: str
    head_height: tuple[float, float]
    head_width: tuple[float, float]
    source: str

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.frame[0] / self.frame[1]

    @property
    def pixels(self) -> tuple[int, int]:
        """The size to save at: the frame's shape, a tenth above the least that is asked."""
        width = max(self.least_pixels[0], self.least_pixels[1] * self.ratio) * 1.1
        return round(width), round(width / self.ratio)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        size = f"大于 {self.least_pixels[0]}×{self.least_pixels[1]} 像素，" if self.kilobytes[0] else ""
        weight = f"{self.kilobytes[0]} 到 {self.kilobytes[1]} KB" if self.kilobytes[0] else f"{self.kilobytes[1]} KB 以内"
        ground = f"{self.background}背景，" if self.background else ""
        return f"{ground}{size}{weight}；头部高 {self.head_height[0]:g} 到 {self.head_height[1]:g} 毫米、宽 {self.head_width[0]:g} 到 {self.head_width[1]:g} 毫米（照片 {self.frame[0]:g}×{self.frame[1]:g} 毫米）"


def rule_on(connection: Connection | None, name: str, day: date) -> PhotoRule | None:
    """The rule of that name on a day; None where nothing is asked."""
    row = row_on(connection, "photo", name, day)
    if row is None:
        return None

    def pair(key: str) -> tuple[float, float]:
        return row[key][0], row[key][1]

    return PhotoRule(
        row["id"], row["title"], pair("frame_mm"), (int(row["least_pixels"][0]), int(row["least_pixels"][1])), (int(row["kilobytes"][0]), int(row["kilobytes"][1])),
        row.get("background", ""), pair("head_height_mm"), pair("head_width_mm"), row["source"],
    )


@dataclass(frozen=True)
class Crop:
    """What is cut out, in pixels of the upright picture; the height follows from the rule's frame. It may reach beyond the picture: there the background goes on."""

    left: float
    top: float
    width: float


def upright(body: bytes) -> "Image":
    """The picture as a camera's owner sees it. UserError where it is none, or so large that it is an attack."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(body)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise UserError("这张照片太大了，请先缩小再放进来。")
            return ImageOps.exif_transpose(opened).convert("RGB")
    except UserError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as e:
        raise UserError("这不是能认得的照片，请存成 JPG 或 PNG 再放进来。") from e


@dataclass(frozen=True)
class _Seen:
    """A picture as measured, in shares of its height: crown and chin from the top, the head's width and middle. `ground` is the background's colour."""

    ground: tuple[int, int, int]
    is_plain: bool
    crown: float | None = None
    chin: float | None = None
    width: float | None = None
    middle: float | None = None


def _look(picture: "Image") -> _Seen:
    small = picture.copy()
    small.thumbnail((_SMALL, _SMALL * 2))
    wide, high = small.size
    pixels: Any = small.load()
    rim = max(2, wide // 16)
    border = [pixels[x, y] for y in range(high // 2) for x in (*range(rim), *range(wide - rim, wide))] + [pixels[x, y] for y in range(max(2, high // 40)) for x in range(wide)]
    ground = (int(median(p[0] for p in border)), int(median(p[1] for p in border)), int(median(p[2] for p in border)))

    def stands(x: int, y: int) -> bool:
        p = pixels[x, y]
        return bool(abs(p[0] - ground[0]) + abs(p[1] - ground[1]) + abs(p[2] - ground[2]) > _FAR)

    plain = sum(not (abs(p[0] - ground[0]) + abs(p[1] - ground[1]) + abs(p[2] - ground[2]) > _FAR) for p in border) >= 0.9 * len(border)
    if not plain:
        return _Seen(ground, False)
    spans: list[tuple[int, float]] = []
    for y in range(high):
        xs = [x for x in range(wide) if stands(x, y)]
        spans.append((len(xs), sum(xs) / len(xs) if xs else wide / 2))
    crown = next((y for y in range(high) if spans[y][0] >= max(3, wide // 40)), None)
    if crown is None:
        return _Seen(ground, True)
    # down from the crown the outline widens to the head, narrows to the neck and widens again to the shoulders
    widest, at = 0, crown
    for y in range(crown, high):
        if spans[y][0] > widest:
            widest, at = spans[y][0], y
        elif spans[y][0] < widest * 0.75:
            break
        if spans[y][0] > wide * 0.9:
            break
    neck = next((y for y in range(at, high) if spans[y][0] < widest * 0.75), None)
    if neck is None or widest > wide * 0.9:
        return _Seen(ground, True, crown / high)
    below = range(neck, min(high, neck + max(4, (neck - crown) // 2)))
    narrow = min(below, key=lambda y: spans[y][0])
    chin = (neck + narrow) / 2
    middle = sum(spans[y][1] for y in range(crown, neck)) / max(1, neck - crown)
    return _Seen(ground, True, crown / high, chin / high, widest / high, middle / high)


def propose(picture: "Image", rule: PhotoRule) -> Crop:
    """Where to cut: the head of the size and at the height that the rule wants where it can be found, else as much of the middle as the frame takes."""
    seen, (wide, high) = _look(picture), picture.size
    if seen.crown is not None and seen.chin is not None and seen.middle is not None and seen.width is not None:
        tall = sum(rule.head_height) / 2 / rule.frame[1]
        broad = sum(rule.head_width) / 2 / rule.frame[0]
        by_height = (seen.chin - seen.crown) * high / tall
        by_width = seen.width * high / broad / rule.ratio
        height = (by_height + by_width) / 2
        top = seen.crown * high - height * (1 - tall) * 0.35
        return Crop(seen.middle * high - height * rule.ratio / 2, top, height * rule.ratio)
    width = min(wide, high * rule.ratio)
    return Crop((wide - width) / 2, 0, width)


def cut(picture: "Image", rule: PhotoRule, crop: Crop) -> bytes:
    """The finished JPEG: the rule's frame, pixels and weight, nothing of what the camera knew of place and time."""
    from PIL import Image

    height = crop.width / rule.ratio
    ground = _look(picture).ground
    sheet = Image.new("RGB", (max(1, round(crop.width)), max(1, round(height))), ground)
    sheet.paste(picture, (-round(crop.left), -round(crop.top)))
    made = sheet.resize(rule.pixels, Image.Resampling.LANCZOS)
    least, most = (k * 1024 for k in rule.kilobytes)
    best = b""
    for quality in (92, 96, 98, 100, 88, 84, 80, 75, 70, 64, 58, 50, 40, 30):
        out = io.BytesIO()
        made.save(out, "JPEG", quality=quality, subsampling=0 if quality >= 92 else 2, dpi=(300, 300))
        body = out.getvalue()
        if least <= len(body) <= most:
            return body
        if (quality == 92 and len(body) > most) or (len(body) <= most and len(body) > len(best)) or len(best) > most > len(body):
            best = body
    return _heavier(best, least, most) if len(best) < least else best


def _heavier(body: bytes, least: int, most: int) -> bytes:
    """A very plain picture stays below the least weight at any quality: a comment of spaces in the file (JPEG segment COM, ITU-T T.81 B.2.4.5) makes it up."""
    want = min((least + most) // 2, least + 2048) - len(body)
    segments = b""
    while want > 4:
        size = min(want - 4, 60_000)
        segments += b"\xff\xfe" + (size + 2).to_bytes(2, "big") + b" " * size
        want -= size + 4
    return body[:2] + segments + body[2:]


_BLUE = ((190, 255), 0.3)
"""Hue in degrees and least saturation of what passes for a blue background."""


def _is_blue(colour: tuple[int, int, int]) -> bool:
    import colorsys

    hue, saturation, _ = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    (low, high), least = _BLUE
    return low <= hue * 360 <= high and saturation >= least


def faults(body: bytes, rule: PhotoRule) -> list[Problem]:
    """What the finished file lacks: errors for what is measured, warnings for what only an eye can tell. UserError where it is no picture."""
    picture = upright(body)
    found: list[Problem] = []
    if body[:3] != b"\xff\xd8\xff":
        found.append(Problem("photo-format", "照片要是 JPEG 格式。"))
    wide, high = picture.size
    if wide < rule.least_pixels[0] or high < rule.least_pixels[1] or (rule.kilobytes[0] and (wide, high) == rule.least_pixels):
        found.append(Problem("photo-small", f"照片只有 {wide}×{high} 像素，要大于 {rule.least_pixels[0]}×{rule.least_pixels[1]}。"))
    size = len(body) / 1024
    if not rule.kilobytes[0] <= size <= rule.kilobytes[1]:
        found.append(Problem("photo-weight", f"文件有 {size:.0f} KB，要在 {rule.kilobytes[0]} 到 {rule.kilobytes[1]} KB。"))
    if abs(wide / high - rule.ratio) > 0.02:
        found.append(Problem("photo-shape", f"照片的长宽要是 {rule.frame[0]:g}:{rule.frame[1]:g}。"))
    seen = _look(picture)
    if rule.background and not (seen.is_plain and _is_blue(seen.ground)):
        found.append(Problem("photo-background", f"背景要是{rule.background}，这张不是或者不干净。"))
    elif not seen.is_plain:
        found.append(warning("photo-background", "背景不干净，请看一眼。"))
    if seen.crown is None or seen.chin is None or seen.width is None:
        found.append(warning("photo-head", "量不出头部大小，请对照引导线看一眼。"))
    else:
        tall, broad = (seen.chin - seen.crown) * rule.frame[1], seen.width * high / wide * rule.frame[0]
        if not rule.head_height[0] - 1 <= tall <= rule.head_height[1] + 1 or not rule.head_width[0] - 1 <= broad <= rule.head_width[1] + 1:
            found.append(warning("photo-head", f"头部大约高 {tall:.0f} 毫米、宽 {broad:.0f} 毫米，要高 {rule.head_height[0]:g} 到 {rule.head_height[1]:g}、宽 {rule.head_width[0]:g} 到 {rule.head_width[1]:g}，请对照引导线看一眼。"))
    return found
