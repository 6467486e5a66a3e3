"""Two doors, two laptops, no network: a door is sent out on a stick, and its book comes back the same way.

A door's file (`.uddoor`) holds one lecture and only what its door needs to recognise people; it is encrypted with a code on a slip of
paper. The laptop makes a file of its own from it. What comes back (`.udscan`) is a package for the office alone, signed with the door's key.
Formats: `app/sync/FORMAT.md`, 10.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import zstandard
from sqlalchemy import Connection, Table, select

from app.services.checkin import finding, scans, settle
from app.services.checkin.finding import Blind
from app.services.checkin.fold import Presence, Question, fold, identity_of, questions
from app.services.checkin.pin import PIN, hashed
from app.services.checkin.scans import Scan
from app.services.exchange.keyring import own_keys, own_ring
from app.services.exchange.send import PROGRAM, plain_file_name
from app.services.office import Office, moment_of, stamp
from app.services.records import ActKind, table_of
from app.services.setup import own_union
from app.sync import package, stick
from app.sync.keys import PrivateKeys, PublicKeys
from app.sync.package import Expected, Part
from app.sync.refusals import PackageRefused, Refusal
from db import keyslots, vault
from db.door_tables import DoorPc, WalkInDecision
from db.keyslots import Cost, KeyFile, Role, Slot
from db.problems import UserError
from db.record import Record, fields_of, new_id
from db.registers import Lecture, LectureSession, Member, Registration
from db.vault import set_setting, setting

HEADER = b"UNIONDESK-DOOR/1 argon2id+aes-256-gcm\n"
DOOR_SUFFIX, SCANS_SUFFIX = ".uddoor", ".udscan"
MOST_FILE, MOST_PLAIN, MOST_SCANS = 1 << 27, 1 << 28, 1_000_000
MOST_MEMORY, MOST_ITERATIONS = 1 << 20, 16
"""What a file may ask for to open it: KiB and rounds of Argon2id."""
SENT_OUT = "door_of"
"""The setting of a door's file that says whose door it is; an office's file has none."""
TOLERANCE = timedelta(minutes=2)
_SEEN = ("full_name", "department", "employee_no", "membership_event", "membership_event_date")
"""What the greeter sees of a member. Numbers go along only with their ends."""
_NEEDED_OF_LECTURE = ("topic", "starts_at", "place", "capacity", "planned_count", "walk_ins_allowed", "state")
_NEEDED_OF_LIST = ("lecture", "session", "member", "full_name", "unit", "mobile")
_LONG_NUMBER = re.compile(r"[0-9]{11,}")
_PC = cast(Table, DoorPc.__table__)
_DAMAGED = "这不是签到文件，或者文件损坏了。请回办公室重新拷贝一份。"


@dataclass(frozen=True)
class DoorFile:
    """A finished door file in memory, and the code that opens it."""

    id: str
    body: bytes
    code: str
    file_name: str
    people: int


@dataclass(frozen=True)
class Brought:
    """What a door's book came to: scans new here, known already; how far its clock was surely ahead or behind."""

    door: str
    lecture: str
    new: int
    known: int
    ahead: timedelta | None = None
    behind: timedelta | None = None


# -- out


def make(office: Office, lecture: str, name: str, *, session: str | None = None, everybody: bool = True, pin: str = "") -> DoorFile:
    """A file for one door. `everybody`: with the whole roster; otherwise with those on the lecture's list. UserError when the lecture is over."""
    office.clerks_only()
    name = name.strip()[: scans.LONGEST["door"]]
    if not name:
        raise UserError("请给这个签到处起个名字，比如“东门”。")
    keys, blind, door = PrivateKeys.make(), Blind(secrets.token_bytes(16)), new_id()
    assert blind.key is not None
    with office.reading() as reading:
        connection = reading.connection()
        about = reading.scalars(select(Lecture).where(Lecture.id == lecture, Lecture.removed_at.is_(None))).first()
        if about is None or about.is_closed:
            raise UserError("这场讲座已经结束或删除了，不用再做签到文件。")
        people = _people(connection, blind, lecture, everybody=everybody)
        content = {
            "format": "uniondesk-door", "version": 1, "id": door, "name": name, "made_at": stamp(office.clock()), "practice": office.practice,
            "union": {"id": office.vault.keys.vault_id, "name": own_union(office).name or "", "uscc": own_union(office).uscc or ""},
            "office": asdict(own_keys(office).public), "signing": keys.to_text(), "blind": blind.key.hex(), "pin": hashed(pin) if pin else office.setting(PIN) or "",
            "session": session, "lecture": _written(connection, Lecture, _NEEDED_OF_LECTURE, "id = ?", (lecture,)),
            "sessions": _written(connection, LectureSession, ("lecture", "name", "starts_at", "hall", "capacity"), "lecture = ? AND removed_at IS NULL", (lecture,)),
            "list": [_shortened(line, blind) for line in _written(connection, Registration, _NEEDED_OF_LIST, "lecture = ? AND removed_at IS NULL", (lecture,))],
            "people": people, "merged": _merged(connection, blind, {p["id"] for p in people}), "scans": [_shortened(asdict(scan), blind) | {"note": None} for scan in _already(connection, lecture, session)],
        }
    code = keyslots.new_door_code()
    body = _sealed(zstandard.compress(json.dumps(content, ensure_ascii=False).encode()), door, code, practice=office.practice)
    with office.act(ActKind.SETTING, f"做签到文件：{name}") as act:
        act.note(door=door, people=len(people), lecture=lecture)
        public = keys.public
        act.connection.execute(_PC.insert().values(id=door, lecture=lecture, session=session, name=name, signing_key=public.signing_key, recipient=public.recipient, made_at=act.at, brought=0, minutes_off=0))
    day = office.clock().astimezone()
    return DoorFile(door, body, code, f"{'练习_' if office.practice else ''}签到_{plain_file_name(about.topic or '')}_{plain_file_name(name)}_{day:%Y%m%d}{DOOR_SUFFIX}", len(people))


def _sealed(plain: bytes, door: str, code: str, *, practice: bool) -> bytes:
    """Header, key slot, nonce, ciphertext. The key is random, wrapped under the code as a vault's is under a password (`db.keyslots`)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    slot = keyslots.wrap(key, vault_id=door, practice=practice, name="door", role=Role.DOOR, secret=code)
    head = HEADER + json.dumps({"id": door, "practice": practice, "slot": asdict(slot)}, sort_keys=True).encode() + b"\n"
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head)


def _unsealed(body: bytes, code: str) -> bytes:
    """UserError where the code is wrong or a byte was changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    about, newline, rest = body[len(HEADER) : len(HEADER) + 4096].partition(b"\n")
    head = HEADER + about + newline
    try:
        raw = json.loads(about)
        slot = Slot(**{**raw["slot"], "role": Role(raw["slot"]["role"]), "cost": Cost(**raw["slot"]["cost"])})
        if slot.cost.memory_kib > MOST_MEMORY or slot.cost.iterations > MOST_ITERATIONS or slot.cost.lanes > 16:
            raise UserError(_DAMAGED)
        key = keyslots.unwrap(slot, KeyFile(raw["id"], "", bool(raw["practice"]), (slot,)), code)
    except (ValueError, KeyError, TypeError):
        raise UserError(_DAMAGED) from None
    if key is None:
        raise UserError("签到码不对，请对照纸条再输一遍。")
    rest = body[len(head) :]
    try:
        return AESGCM(key).decrypt(rest[:12], rest[12:], head)
    except (InvalidTag, ValueError):
        raise UserError(_DAMAGED) from None


def _written(connection: Connection, register: type[Record], fields: Sequence[str], where: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Records in written form, these fields of them, blanks left out."""
    names = ("id", *fields)
    rows = connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM {register.__tablename__} WHERE {where}", values)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def _people(connection: Connection, blind: Blind, lecture: str, *, everybody: bool) -> list[dict[str, Any]]:
    listed = "" if everybody else " AND id IN (SELECT member FROM registration WHERE lecture = ? AND removed_at IS NULL)"
    rows = connection.exec_driver_sql(f"SELECT id, {', '.join(_SEEN)}, mobile, member_card_no, id_number FROM member WHERE removed_at IS NULL{listed}", () if everybody else (lecture,))
    found = []
    for record_id, *seen, mobile, card, number in rows:
        one = {"id": record_id, **dict(zip(_SEEN, seen, strict=True)), "employee_no": finding.short_number(blind, seen[_SEEN.index("employee_no")]), "mobile": blind.short(mobile, finding.TAIL), "member_card_no": blind.short(card, finding.TAIL), "id_number": blind.short(number, finding.LONG_TAIL)}
        found.append({name: value for name, value in one.items() if value is not None})
    return found


def _shortened(row: dict[str, Any], blind: Blind) -> dict[str, Any]:
    """Without a whole phone, also where one stands among the words."""
    said = {name: _LONG_NUMBER.sub(lambda found: f"…{found.group()[-4:]}", row[name]) for name in ("full_name", "unit") if row.get(name)}
    return {**row, **said, **({"mobile": blind.short(row["mobile"], finding.TAIL)} if row.get("mobile") else {})}


def _merged(connection: Connection, blind: Blind, people: set[str]) -> list[dict[str, Any]]:
    """The numbers of records that were merged into somebody who goes along: the old card opens this door, too."""
    rows = connection.exec_driver_sql(
        "WITH RECURSIVE leads(old_id, into_id) AS (SELECT old_id, into_id FROM merged_away UNION SELECT l.old_id, a.into_id FROM leads l JOIN merged_away a ON a.old_id = l.into_id) "
        "SELECT m.id, l.into_id, m.employee_no, m.mobile, m.member_card_no, m.id_number FROM leads l JOIN member m ON m.id = l.old_id"
    )
    return [
        {"id": old, "into": into, "employee_no": finding.short_number(blind, no), "mobile": blind.short(mobile, finding.TAIL), "member_card_no": blind.short(card, finding.TAIL), "id_number": blind.short(number, finding.LONG_TAIL)}
        for old, into, no, mobile, card, number in rows if into in people
    ]


def _already(connection: Connection, lecture: str, session: str | None) -> list[Scan]:
    """Who is in so far, as scans under their own names; a sign-in that the clerk wrote by hand goes under its own."""
    book = [scan for p in fold(scans.of_lecture(connection, lecture), settle.knowledge(connection, lecture)) if p.session == session for scan in p.scans]
    live = {scan.id for scan in book}
    told = {sign_in for scan, sign_in in connection.exec_driver_sql("SELECT scan, sign_in FROM settled_scan") if scan in live}
    rows = connection.exec_driver_sql("SELECT id, coalesce(door, ''), signed_at, member, full_name, unit, mobile FROM sign_in WHERE lecture = ? AND session IS ? AND removed_at IS NULL", (lecture, session))
    names = ("id", "door", "at", "person", "full_name", "unit", "mobile")
    return book + [Scan(door_pc="", lecture=lecture, session=session, answer="admitted", **dict(zip(names, row, strict=True))) for row in rows if row[0] not in told]


# -- at the other laptop


def read(path: Path, code: str) -> dict[str, Any]:
    """What a door's file holds. UserError for a wrong code, another file, a newer program."""
    normal = keyslots.normal_door_code(code)
    if normal is None:
        raise UserError("签到码输错了，请对照纸条，一共 16 个字符。")
    try:
        if path.stat().st_size > MOST_FILE:
            raise UserError(_DAMAGED)
        body = path.read_bytes()
    except OSError as e:
        raise UserError(f"读不出“{path.name}”，请检查 U 盘是否还插着。") from e
    if body.startswith(b"UNIONDESK-DOOR/") and not body.startswith(HEADER):
        raise UserError("这个签到文件是更新的程序做的，请先升级这台电脑上的程序。")
    if not body.startswith(HEADER):
        raise UserError(_DAMAGED)
    packed = _unsealed(body, normal)
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(packed) as reader:
            content = json.loads(reader.read(MOST_PLAIN))
    except (zstandard.ZstdError, ValueError):
        raise UserError(_DAMAGED) from None
    if not isinstance(content, dict) or content.get("format") != "uniondesk-door":
        raise UserError(_DAMAGED)
    if content.get("version") != 1:
        raise UserError("这个签到文件是更新的程序做的，请先升级这台电脑上的程序。")
    return content


def set_up(path: Path, code: str, folder: Path) -> Office:
    """Make this computer a door: its own encrypted file under `folder`, opened. One that was set up before is opened as it is, with all its scans."""
    content = read(path, code)
    place = folder / content["id"]
    normal = keyslots.normal_door_code(code) or ""
    if vault.exists(place):
        office = Office(vault.unlock(place, content["name"], normal))
        if sent_out(office) is None:
            _fill(office, content)  # the power went while it was set up
        return office
    office = Office(vault.create_for_door(place, vault_id=content["id"], title=content["union"]["name"], door=content["name"], code=normal, practice=content["practice"]))
    try:
        _fill(office, content)
    except BaseException:
        office.vault.close()
        for made in sorted(place.rglob("*"), reverse=True):
            made.rmdir() if made.is_dir() else made.unlink()
        raise
    return office


def _fill(office: Office, content: Mapping[str, Any]) -> None:
    with office.act(ActKind.SIGN_IN, "装好签到电脑") as act:
        for register, rows in ((Lecture, content["lecture"]), (LectureSession, content["sessions"]), (Registration, content["list"]), (Member, content["people"])):
            by_name = {f.name: f for f in fields_of(register)}
            values = [{name: by_name[name].from_wire(value) for name, value in row.items() if name in by_name} for row in rows]
            act.create_many(register, values, ids=[row["id"] for row in rows])
        for old in content["merged"]:
            act.create_many(Member, [{name: old[name] for name in ("employee_no", "mobile", "member_card_no", "id_number")}], ids=[old["id"]])
            act.connection.exec_driver_sql("UPDATE member SET removed_at = ? WHERE id = ?", (act.at, old["id"]))
            act.connection.exec_driver_sql("DELETE FROM search_member WHERE rowid = (SELECT rowno FROM member WHERE id = ?)", (old["id"],))
            act.connection.exec_driver_sql("INSERT OR REPLACE INTO merged_away (old_id, register, into_id) VALUES (?, 'member', ?)", (old["id"], old["into"]))
        scans.write(act.connection, [Scan(**scan) for scan in content["scans"]])
        own = {name: content[name] for name in ("id", "name", "session", "made_at", "union", "office", "signing")}
        own["lecture"] = content["lecture"][0]["id"]
        for name, value in ((SENT_OUT, json.dumps(own, ensure_ascii=False)), (finding.BLINDED, content["blind"]), (finding.UNION, content["union"]["id"]), (PIN, content["pin"])):
            set_setting(act.connection, name, value)


@dataclass(frozen=True)
class Own:
    """What a door that was sent out knows of itself."""

    id: str
    name: str
    lecture: str
    session: str | None
    made_at: datetime


def sent_out(office: Office) -> Own | None:
    """Whether this file is a door that was sent out, and which."""
    written = office.setting(SENT_OUT)
    if not written:
        return None
    own = json.loads(written)
    return Own(own["id"], own["name"], own["lecture"], own["session"], moment_of(own["made_at"]))


def clock_doubt(office: Office) -> str | None:
    """A sentence where the laptop's clock must be wrong: it is earlier than the moment its door was made."""
    own = sent_out(office)
    behind = own.made_at - office.clock() if own else timedelta()
    return f"这台电脑的时间比办公室慢了 {_minutes(behind)} 以上，请先把电脑时间调对，再开始签到。" if behind > TOLERANCE else None


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} 小时 {minutes % 60} 分钟" if minutes >= 60 else f"{minutes} 分钟"


def take_away(office: Office, folder: Path) -> Path:
    """The door's whole book onto a stick, for the office alone. It can be taken as often as one likes."""
    written = office.setting(SENT_OUT)
    if not written:
        raise UserError("这台电脑不是签到电脑，签到已经在资料库里了。")
    own = json.loads(written)
    with office.vault.engine.connect() as connection:
        mine = [scan for scan in scans.of_lecture(connection, own["lecture"]) if scan.door_pc == own["id"]]
        series = int(setting(connection, "taken_away") or 0) + 1
    lines = [json.dumps({name: value for name, value in asdict(scan).items() if value is not None}, ensure_ascii=False, sort_keys=True).encode() for scan in mine]
    manifest = {
        "direction": "door", "practice": office.practice, "union": own["union"], "series": series, "previous": None,
        "schema": vault.known_versions()[-1], "program": PROGRAM, "made_at": stamp(office.clock()),
    }
    sealed = package.seal(manifest, [Part("door_scan", lines)], sender=PrivateKeys.from_text(own["signing"]), to=PublicKeys(**own["office"]))
    day = office.clock().astimezone()
    name = f"{'练习_' if office.practice else ''}签到结果_{plain_file_name(own['name'])}_{day:%Y%m%d_%H%M}{SCANS_SUFFIX}"
    return stick.write(folder, name, sealed.body, before_naming=lambda: office.remember("taken_away", str(series)))


# -- back


def bring_back(office: Office, path: Path) -> Brought:
    """Merge a door's book. Once or ten times, in any order, whole or in part: the end is the same. PackageRefused where it is not our door's."""
    office.clerks_only()
    opened = package.open_file(path, keys=own_ring(office), expected=Expected("door", office.practice, union_id=office.vault.keys.vault_id))
    with office.vault.engine.connect() as connection:
        found = connection.execute(select(_PC).where(_PC.c.signing_key == opened.sender.signing_key, _PC.c.recipient == opened.sender.recipient)).mappings().first()
        if found is None:
            raise PackageRefused(Refusal.UNKNOWN_SENDER)
        pc = dict(found)
        before = scans.known(connection, pc["lecture"])
    book = [_scan(line, pc) for line in opened.lines("door_scan")]
    if len(book) > MOST_SCANS:
        raise PackageRefused(Refusal.TOO_LARGE)
    fresh = list({scan.id: scan for scan in book if scan.id not in before}.values())
    now, written_at = office.clock(), moment_of(str(opened.manifest["made_at"]))
    with office.act(ActKind.SIGN_IN, f"并入签到：{pc['name']}") as act:
        act.note(door=pc["id"], new=len(fresh), known=len(book) - len(fresh), digest=opened.digest)
        settle.revive(act.connection, pc["lecture"], pc["id"])
        scans.write(act.connection, [_without_erased(act.connection, scan) for scan in fresh])
        act.connection.execute(_PC.update().where(_PC.c.id == pc["id"]).values(brought_at=act.at, brought=_PC.c.brought + len(fresh)))
        settle.settle_into(act)
        settle.settle_lecture(act, pc["lecture"])
    ahead = written_at - now
    behind = moment_of(pc["made_at"]) - min((scan.moment for scan in book), default=now)
    return Brought(pc["name"], pc["lecture"], len(fresh), len(book) - len(fresh), ahead if ahead > TOLERANCE else None, behind if behind > TOLERANCE else None)


def _scan(line: bytes, pc: Mapping[str, Any]) -> Scan:
    """One line of a door's book, checked: a door speaks for itself and for its own lecture only."""
    try:
        scan = msgspec.json.decode(line, type=Scan)
        moment_of(scan.at)
    except (msgspec.DecodeError, ValueError):
        raise PackageRefused(Refusal.BAD_PART) from None
    if scan.door_pc != pc["id"] or scan.lecture != pc["lecture"] or any(isinstance(value, str) and len(value) > scans.LONGEST[name] for name, value in asdict(scan).items()):
        raise PackageRefused(Refusal.BAD_PART)
    return scan


def _without_erased(connection: Connection, scan: Scan) -> Scan:
    """A person who was erased while her door was away comes back without her name."""
    erased = scan.person is not None and connection.exec_driver_sql("SELECT full_name FROM member WHERE id = ?", (scan.person,)).scalar() == scans.ERASED_NAME
    if not erased and not scans.is_erased_phone(connection, scan.mobile):
        return scan
    return replace(scan, full_name=scans.ERASED_NAME, unit=None, mobile=None, typed=None, note=None)


# -- what there is to see and to decide


@dataclass(frozen=True)
class Said:
    """What was decided about two, to be taken back."""

    one: str
    other: str
    name: str
    same: bool


@dataclass(frozen=True)
class Doors:
    """A lecture's doors after merging: each with its scans here, who came through two of them, what a person has to decide, and what she said."""

    sent: tuple[Mapping[str, Any], ...]
    twice: tuple[Presence, ...]
    questions: tuple[Question, ...]
    said: tuple[Said, ...]


def report(connection: Connection, lecture: str) -> Doors:
    sent = connection.execute(select(_PC).where(_PC.c.lecture == lecture).order_by(_PC.c.made_at)).mappings().all()
    presences = fold(scans.of_lecture(connection, lecture), settle.knowledge(connection, lecture))
    decided = connection.execute(select(WalkInDecision.one, WalkInDecision.other, WalkInDecision.same)).all()
    known = settle.knowledge(connection, lecture)
    walked_in = {identity_of(scan, known): scan.full_name or "" for scan in scans.of_lecture(connection, lecture) if scan.lets_in}
    said = tuple(Said(d.one, d.other, walked_in[d.other], d.same) for d in decided if d.other in walked_in)
    members = table_of(Member)

    def members_named(name: str) -> list[tuple[str, str | None]]:
        found = connection.execute(select(members.c.id, members.c.mobile, members.c.full_name).where(members.c.full_name == name, members.c.removed_at.is_(None))).all()
        return [(row.id, row.mobile) for row in found]

    return Doors(tuple(dict(pc) for pc in sent), tuple(p for p in presences if p.doors > 1), tuple(questions(presences, members_named, [(d.one, d.other) for d in decided])), said)


def decide(office: Office, lecture: str, question: Question, *, same: bool) -> None:
    """Remember a person's word on two who look like one, and let the sign-ins follow. It is changed by saying the other, not by undo."""
    office.clerks_only()
    one, other = question.pair
    with office.act(ActKind.SETTING, f"现场加入：{question.walk_in.full_name}{'是' if same else '不是'}同一人") as act:
        act.connection.exec_driver_sql("INSERT INTO walk_in_decision (one, other, same) VALUES (?, ?, ?) ON CONFLICT (one, other) DO UPDATE SET same = excluded.same", (one, other, same))
        settle.settle_lecture(act, lecture)


def unsay(office: Office, lecture: str, said: Said) -> None:
    """Take a decision back: the two are asked about again, and are two until then."""
    office.clerks_only()
    with office.act(ActKind.SETTING, f"现场加入：{said.name}重新决定") as act:
        act.connection.exec_driver_sql("DELETE FROM walk_in_decision WHERE one = ? AND other = ?", (said.one, said.other))
        settle.settle_lecture(act, lecture)


def set_clock(office: Office, door: str, minutes_ahead: int) -> None:
    """Put a door's clock right: its scans count as so many minutes earlier. What the door wrote stays as it was."""
    office.clerks_only()
    with office.act(ActKind.SETTING, "改正签到处的时间") as act:
        act.connection.execute(_PC.update().where(_PC.c.id == door).values(minutes_off=minutes_ahead))
        settle.settle_lecture(act, act.connection.execute(select(_PC.c.lecture).where(_PC.c.id == door)).scalar_one(), clocks=True)
