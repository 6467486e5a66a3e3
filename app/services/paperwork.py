"""From records to forms: what each binding of a form holds, and the finished PDF."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.printing import engine, template
from app.services.exchange import items
from app.services.office import Office
from app.services.setup import own_union
from db.journal import canonical
from db.problems import UserError
from db.record import Record, fields_of, values_of, written_values
from db.registers import Lecture, LectureSession, Member, SignIn


def digest_of(*records: Record) -> str:
    """Eight hexadecimal digits over the written values, so that paper and file can be compared."""
    body = canonical([written_values(record) for record in records])
    found = hashlib.sha256(body).hexdigest()
    return f"{found[:4]} {found[4:8]}"


def blank_values(register: type[Record]) -> dict[str, Any]:
    return {f.name: None for f in fields_of(register)}


def _one(session: Session, register: type[Record], record_id: str | None) -> Record | None:
    return session.scalars(select(register).where(register.id == record_id)).first() if record_id else None


def sign_in_sheet(office: Office, lecture_id: str) -> bytes:
    """The lecture's sheet, one for each of its sessions: who has signed in, in order of time, and blank lines for walk-ins. No full number."""
    return render(office, "sign_in_sheet", sign_in_contexts(office, lecture_id))


def sign_in_contexts(office: Office, lecture_id: str) -> list[template.Context]:
    with office.reading() as session:
        sessions = list(session.scalars(select(LectureSession).where(LectureSession.lecture == lecture_id, LectureSession.removed_at.is_(None)).order_by(LectureSession.starts_at)))
        used = set(session.scalars(select(SignIn.session).where(SignIn.lecture == lecture_id, SignIn.removed_at.is_(None))))
    return [_sign_in_context(office, lecture_id, held) for held in [*sessions, *([None] if None in used or not sessions else [])]]


def _sign_in_context(office: Office, lecture_id: str, held: LectureSession | None) -> template.Context:
    with office.reading() as session:
        lecture = _one(session, Lecture, lecture_id)
        if not isinstance(lecture, Lecture):
            raise UserError("这场讲座已经不在了，请刷新后再试。")
        of_session = SignIn.session == held.id if held else SignIn.session.is_(None)
        signed = session.scalars(select(SignIn).where(SignIn.lecture == lecture_id, of_session, SignIn.removed_at.is_(None)).order_by(SignIn.signed_at, SignIn.rowno)).all()
        tails = dict(session.execute(select(Member.id, Member.mobile).where(Member.id.in_([s.member for s in signed if s.member]))).all()) if signed else {}
        rows = [
            {"number": n, "full_name": s.full_name, "unit": s.unit or "", "tail": (tails.get(s.member or "") or s.mobile or "")[-4:], "signed_at": s.signed_at}
            for n, s in enumerate(signed, 1)
        ]
        at = (held or lecture).starts_at
        starts = at.astimezone() if at else None
        form = {"no": f"QD-{starts:%Y%m%d}-{lecture.id[-4:].upper()}" if starts else f"QD-{lecture.id[-8:].upper()}", "copy": 1, "digest": digest_of(lecture), "record": lecture.id[-8:]}
        values = values_of(lecture) | {"starts_at": starts} | ({"place": held.title} if held else {})
    return {"union": values_of(own_union(office)), "lecture": values, "form": form, "rows": rows, "total": {"present": len(rows)}}


def submission_slip(office: Office, slip: Mapping[str, Any]) -> bytes:
    return render(office, "submission_slip", [{"union": values_of(own_union(office)), "package": dict(slip)}])


def recovery_sheet(office: Office, code: str) -> bytes:
    day = office.clock().astimezone().date()
    vault = {"title": office.vault.keys.title, "made_on": f"{day.year}年{day.month}月{day.day}日", "code_1": code[:19], "code_2": code[20:], "id": office.vault.keys.vault_id}
    return render(office, "recovery_sheet", [{"vault": vault}])


def form_named(office: Office, name: str) -> template.Form:
    """The district's edition of a form where it sent one that we can draw, else the office's own, else the shipped one. KeyError for a form that nobody has."""
    with office.vault.engine.connect() as connection:
        editions = [rows[name] for rows in (items.from_above(connection, "form"), items.own_rows(connection, "form")) if name in rows]
    for edition in editions:
        try:
            return template.parse(name, str(edition["toml"]))
        except (KeyError, TypeError, ValueError):
            continue  # made for a newer program: the next is printed until we are brought up to date
    if name not in template.form_names():
        raise KeyError(name)
    return template.load(name)


def render(office: Office, form: str, contexts: Sequence[template.Context]) -> bytes:
    """One PDF; a practice union's paper says so across the page."""
    return engine.render(form_named(office, form), contexts, draft=office.practice)


def unprintable(office: Office, form: str, contexts: Sequence[template.Context]) -> str | None:
    """A sentence naming characters that no font of ours has, before anything is printed."""
    missing = engine.missing_characters(form_named(office, form), contexts)
    return f"这些字字库里没有，会印成“〓”，请手写补上：{'、'.join(missing)}" if missing else None


def list_sheet(office: Office, title: str, headers: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]], *, numbered: bool = True) -> bytes:
    """What a table shows, as it shows it, on landscape A4 with a line for who printed it and when; `numbered` where it has no numbers of its own."""
    columns = [*([{"title": "序号", "w": 34, "value": "{row.number}"}] if numbered else []), *({"title": head, "w": w, "value": f"{{row.c{n}}}"} for n, (head, w) in enumerate(zip(headers, widths, strict=True)))]
    names = ("number", *(f"c{n}" for n in range(len(headers))))
    form = template.Form(
        name="list", title=title, code="LB", orientation="landscape", margins=(12, 12, 12, 12), head=("{union.name}|>{form.printed}",), qr=None, foot="{union.name}",
        sources={"union": "grassroots_union", "form": "values", "row": "values", "page": "values"}, values={"form": ("printed",), "row": names, "page": ("count", "up_to_here")},
        blocks=({"kind": "table", "rows": "rows", "rows_per_page": 20, "row_height": 7.4, "columns": columns, "blank_rows": 0},), source_note="",
    )
    printed = f"{office.clock().astimezone():%Y-%m-%d %H:%M} {office.user.name} 打印，共 {len(rows)} 行"
    filled = [{"number": n, **{f"c{i}": text for i, text in enumerate(row)}} for n, row in enumerate(rows, 1)]
    return engine.render(form, [{"union": values_of(own_union(office)), "form": {"printed": printed}, "rows": filled}], draft=office.practice)
