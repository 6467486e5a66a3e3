"""An upper union's own Word blank (.docx): its places are named once, then a record is written into them and nothing else is touched.

A place is a mark like ${name} in the text, in a header or a footer, or an empty cell beside (or below) its label; a content control
that shows its prompt is empty. Only the document and the headers and footers that have a mark are changed (ECMA-376 Part 1, 17.3 to
17.5, 17.10); every other part of the file goes through byte for byte.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from lxml import etree
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.services.office import Office
from app.services.records import ActKind
from db.office_tables import BlankForm
from db.problems import UserError
from db.record import Record, field_of, fields_of, new_id
from db.registers import register_named

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_MARK = re.compile(r"\$\{([A-Za-z0-9_.]+)\}|\{\{\s*([A-Za-z0-9_.]+)\s*\}\}")
_PART = "word/document.xml"
_EDGES = re.compile(r"word/(?:header|footer)\d*\.xml")
_FORM = cast(Table, BlankForm.__table__)
WORD = "docx:"
"""Before the register in the blank's `sheet`, so that Word blanks stand beside workbooks in one table."""
MOST_BYTES = 5_000_000
MOST_UNPACKED = 60_000_000
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Place:
    """Somewhere to write: a mark's name, or a cell by table, row and column; `label` is what stands beside or above it."""

    key: str
    label: str


@dataclass(frozen=True)
class Paper:
    id: str
    name: str
    file_name: str
    register: str
    places: Mapping[str, str]
    """Place -> field, `member.full_name` for what a reference leads to."""


def _document(body: bytes) -> dict[str, Any]:
    """The document and after it its headers and footers, by part. UserError where it is no Word file."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(info.file_size for info in packed.infolist()) > MOST_UNPACKED:
                raise UserError("这个 Word 文件太大了，请先删掉里面的图片。")
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            return {name: etree.fromstring(packed.read(name), parser) for name in (_PART, *filter(_EDGES.fullmatch, sorted(packed.namelist())))}
    except (zipfile.BadZipFile, zlib.error, KeyError, etree.XMLSyntaxError, OSError, NotImplementedError, RuntimeError, EOFError) as e:
        raise UserError("打不开这个 Word 文件。.doc 的请用 Word 或 WPS 另存为 .docx；有密码的请先去掉。") from e


def _text(node: Any) -> str:
    """What is written, without the prompt of a content control."""
    prompts = [t for control in _prompting(node) for t in control.iter(f"{_W}t")]
    return "".join(t.text or "" for t in node.iter(f"{_W}t") if t not in prompts).strip()


def _prompting(node: Any) -> list[Any]:
    """The content controls that still show what to write into them."""
    return [control for control in node.iter(f"{_W}sdt") if control.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None]


def _children(node: Any, tag: str) -> Iterator[Any]:
    """Children of a kind, also those that stand within a content control."""
    for child in node:
        if child.tag == tag:
            yield child
        elif child.tag == f"{_W}sdt" and (content := child.find(f"{_W}sdtContent")) is not None:
            yield from _children(content, tag)


def _cells(root: Any) -> Iterator[tuple[int, list[list[Any]]]]:
    for number, table in enumerate(root.iter(f"{_W}tbl")):
        yield number, [list(_children(row, f"{_W}tc")) for row in _children(table, f"{_W}tr")]


def places(body: bytes) -> list[Place]:
    """Every place of a blank in reading order: marks by name once each, empty cells with their label."""
    parts = _document(body)
    root = parts[_PART]
    found: dict[str, Place] = {}
    labels: dict[Any, str] = {}  # by node: held here, lxml gives the same one again
    for number, rows in _cells(root):
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                label = _label(rows, r, c)
                labels |= dict.fromkeys(cell.iter(f"{_W}p"), label)
                if not _text(cell) and label and not _goes_on(cell):
                    found.setdefault(f"{number}.{r}.{c}", Place(f"{number}.{r}.{c}", label))
    marks: dict[str, Place] = {}
    for paragraph in (p for part in parts.values() for p in part.iter(f"{_W}p")):
        for mark in _MARK.finditer("".join(t.text or "" for t in paragraph.iter(f"{_W}t"))):
            name = mark[1] or mark[2]
            marks.setdefault(name, Place(name, labels.get(paragraph, "") or name))
    return [*marks.values(), *found.values()]


def _goes_on(cell: Any) -> bool:
    """Whether it is the rest of a cell that was merged downwards: nothing written there is shown."""
    merge = cell.find(f"{_W}tcPr/{_W}vMerge")
    return merge is not None and merge.get(f"{_W}val") != "restart"


def _label(rows: list[list[Any]], r: int, c: int) -> str:
    """What names a cell: the text at its left, else the one above it, where these are no places themselves."""
    at = sum(_span(cell) for cell in rows[r][:c])
    above = next((cell for n, cell in enumerate(rows[r - 1]) if sum(_span(one) for one in rows[r - 1][:n]) == at and _span(cell) == _span(rows[r][c])), None) if r else None
    for words in (_text(rows[r][c - 1]) if c else "", _text(above) if above is not None else ""):
        if words and not _MARK.search(words) and len(words) <= 30:
            return words
    return ""


def _span(cell: Any) -> int:
    """Over how many columns of the grid it goes."""
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    return int(span.get(f"{_W}val", "1")) if span is not None else 1


def choices(register: type[Record]) -> dict[str, str]:
    """What can be written: the register's own fields, and those of what it refers to; path -> words."""
    found = {f.name: f.label for f in fields_of(register) if not f.kind.refers_to}
    for f in fields_of(register):
        if f.kind.refers_to:
            other = register_named(f.kind.refers_to)
            found |= {f"{f.name}.{g.name}": f"{f.label}·{g.label}" for g in fields_of(other) if not g.kind.refers_to}
    return found


def suggest(register: type[Record], found: list[Place]) -> dict[str, str]:
    """The field that a place's label seems to mean; the register's own before those behind a reference."""
    known: dict[str, str] = {}
    for path in reversed(list(choices(register))):
        f = _field(register, path)
        for word in (*f.aliases, f.label):
            known[_plain(word)] = path
    return {place.key: known[word] for place in found if (word := _plain(place.label)) in known}


def _plain(label: str) -> str:
    return re.sub(r"[\s:：*＊/]|（.*?）|\(.*?\)", "", label)


def _field(register: type[Record], path: str) -> Any:
    first, _, rest = path.partition(".")
    return field_of(register_named(str(field_of(register, first).kind.refers_to)), rest) if rest else field_of(register, first)


def keep(office: Office, register: type[Record], path: Path, name: str, bound: Mapping[str, str]) -> str:
    """Remember a blank with its places; its id. UserError where it cannot be used."""
    office.clerks_only()
    try:
        body = path.read_bytes()
    except OSError as e:
        raise UserError(f"读不到“{path.name}”，请看文件还在不在。") from e
    if len(body) > MOST_BYTES:
        raise UserError("这个空白表太大了（超过 5 MB），请先删掉里面的图片等内容。")
    _document(body)
    if not any(bound.values()):
        raise UserError("一处也没有对上，没有记住。请至少选一处填什么。")
    made = new_id()
    with office.writing() as connection:
        connection.execute(_FORM.insert().values(
            id=made, name=name.strip()[:100] or path.stem[:100], file_name=path.name[:200], body=body, sheet=f"{WORD}{register.__tablename__}", first_row=0, columns=json.dumps({k: v for k, v in bound.items() if v}),
        ))
    return made


def papers(session: Session, register: type[Record]) -> list[Paper]:
    """The Word blanks that were bound for a register."""
    rows = session.execute(select(*(_FORM.c[n] for n in ("id", "name", "file_name", "sheet", "columns"))).where(_FORM.c.sheet == f"{WORD}{register.__tablename__}").order_by(_FORM.c.name))
    return [Paper(r.id, r.name, r.file_name, r.sheet.removeprefix(WORD), json.loads(r.columns)) for r in rows]


def fill(office: Office, paper: Paper, record_id: str) -> bytes:
    """The blank with one record written in. UserError when the record is gone."""
    register = register_named(paper.register)
    if paper.register in office.hidden or any(field_of(register, path.partition(".")[0]).kind.refers_to in office.hidden for path in paper.places.values()):
        raise UserError("这一条要管理员允许的人才能看。")
    with office.reading() as session:
        body = session.execute(select(_FORM.c.body).where(_FORM.c.id == paper.id)).scalar_one()
        record = session.scalars(select(register).where(register.id == record_id, register.removed_at.is_(None))).first()
        if record is None:
            raise UserError(f"这条{register.label}已经不在了，请刷新后再试。")
        values = {place: _shown(session, record, path) for place, path in paper.places.items()}
    with office.act(ActKind.SHOW, f"填“{paper.name}”") as act:
        act.note(register=paper.register, rows=1)
    return written(body, values)


def _shown(session: Session, record: Record, path: str) -> str:
    first, _, rest = path.partition(".")
    if rest:
        target = register_named(str(field_of(type(record), first).kind.refers_to))
        other = session.scalars(select(target).where(target.id == getattr(record, first))).first()
        return _shown(session, other, rest) if other is not None else ""
    f = field_of(type(record), first)
    value = getattr(record, first)
    text = "" if value is None else value.chinese() if hasattr(value, "chinese") else f.show(value)
    return _UNWRITABLE.sub("", text)


def written(body: bytes, values: Mapping[str, str]) -> bytes:
    """The blank with its places written in: marks are replaced where they stand, cells get their text in the type that they have."""
    parts = _document(body)
    root = parts[_PART]
    empty = [(cell, text, rows[r][c - 1] if c else None) for number, rows in _cells(root) for r, row in enumerate(rows) for c, cell in enumerate(row) if (text := values.get(f"{number}.{r}.{c}")) and not _text(cell)]
    marks = {mark: " ".join(value.split("\n")) for mark, value in values.items()}
    changed = {_PART}
    for name, part in parts.items():
        for paragraph in part.iter(f"{_W}p"):  # before anything is written in: what is written may look like a mark
            if _replace(paragraph, marks):
                changed.add(name)
    for cell, text, label in empty:
        _put(cell, text, label)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as packed, zipfile.ZipFile(out, "w") as made:
        for info in packed.infolist():
            new = etree.tostring(parts[info.filename], xml_declaration=True, encoding="UTF-8", standalone=True) if info.filename in changed else packed.read(info.filename)
            made.writestr(info, new)
    return out.getvalue()


def _replace(paragraph: Any, values: Mapping[str, str]) -> bool:
    """Marks in a paragraph, also those that Word has cut into several runs; a mark that nothing is bound to becomes blank. Whether there was one."""
    texts = list(paragraph.iter(f"{_W}t"))
    whole = "".join(t.text or "" for t in texts)
    for mark in reversed(list(_MARK.finditer(whole))):
        value, at = values.get(mark[1] or mark[2], ""), 0
        for t in texts:
            old = t.text or ""
            start, end = max(mark.start() - at, 0), min(mark.end() - at, len(old))
            at += len(old)
            if start < end:
                t.text = old[:start] + value + old[end:]
                t.set(_SPACE, "preserve")
                value = ""
    return bool(_MARK.search(whole))


def _put(cell: Any, text: str, label: Any) -> None:
    """Text into the first paragraph of an empty cell, a line each, in the type of the paragraph or of the label beside it; in place of a content control's prompt."""
    for control in _prompting(cell)[:1]:
        prompt = control.find(f"{_W}sdtPr/{_W}showingPlcHdr")
        prompt.getparent().remove(prompt)
        texts = list(control.iter(f"{_W}t"))
        for style in control.findall(f".//{_W}r/{_W}rPr/{_W}rStyle"):
            style.getparent().remove(style)  # the pale type of the prompt
        if texts:
            for n, t in enumerate(texts):
                t.text = "" if n else text.replace("\n", "　")
                t.set(_SPACE, "preserve")
            return
    paragraph = cell.find(f"{_W}p")
    if paragraph is None:
        paragraph = etree.SubElement(cell, f"{_W}p")
    style = paragraph.find(f"{_W}pPr/{_W}rPr")
    if style is None and label is not None:
        style = label.find(f".//{_W}r/{_W}rPr")
    run = etree.SubElement(paragraph, f"{_W}r")
    if style is not None:
        made = deepcopy(style)
        made.tag = f"{_W}rPr"
        run.append(made)
    for n, line in enumerate(text.splitlines() or [""]):
        if n:
            etree.SubElement(run, f"{_W}br")
        t = etree.SubElement(run, f"{_W}t")
        t.text = line
        t.set(_SPACE, "preserve")
