"""Street and industry unions in between (初审): they open what names them as a reader, add an opinion signed by themselves, and pass the office's file on unaltered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.receiver import merge, offices, store
from app.receiver.decisions import APPLICATION
from app.receiver.district import Receiver, stamp
from app.services.exchange.send import PROGRAM, plain_file_name
from app.sync import package, stick
from app.sync.keys import KeyCard, PublicKeys, read_key_file
from app.sync.package import OPINION_SUFFIX, Part
from app.sync.refusals import PackageRefused, Refusal
from db.problems import UserError
from db.registers import register_named
from db.vault import known_versions

DISTRICT_KEY = "district_key"


def enrol_street(receiver: Receiver, path: Path, *, fingerprint: str) -> str:
    """At the district: opinions of this street or industry union are let in from now on. Its name."""
    card = read_key_file(path, role="street")
    if card.practice != receiver.practice:
        raise PackageRefused(Refusal.PRACTICE)
    if not offices.is_same_fingerprint(fingerprint, card.keys.fingerprint):
        raise UserError(f"指纹对不上，没有登记。文件里的是：{card.keys.fingerprint}")
    with receiver.writing() as connection:
        store.upsert(connection, store.streets, [{"id": card.id, "name": card.name, "signing_key": card.keys.signing_key, "recipient": card.keys.recipient, "status": offices.ACTIVE}])
        receiver.note(connection, "enrol-street", code=card.id, fingerprint=card.keys.fingerprint)
    return card.name


def load_district_key(receiver: Receiver, path: Path) -> KeyCard:
    """At the street union: whom it passes packages on to."""
    card = read_key_file(path, role="district")
    if card.practice != receiver.practice:
        raise PackageRefused(Refusal.PRACTICE)
    with receiver.writing() as connection:
        store.upsert(connection, store.about, [{"name": DISTRICT_KEY, "value": card.to_text()}])
        receiver.note(connection, "district-key", fingerprint=card.keys.fingerprint)
    return card


def district_card(receiver: Receiver) -> KeyCard | None:
    with receiver.reading() as connection:
        written = connection.execute(select(store.about.c.value).where(store.about.c.name == DISTRICT_KEY)).scalar()
    return KeyCard.from_text(written) if written else None


@dataclass(frozen=True)
class Inside:
    """What a reviewer sees of a package: whose, how much, and each application in a line."""

    title: str
    counts: str
    claims: tuple[str, ...]


def read(receiver: Receiver, path: Path) -> Inside:
    """Open a package for reading; nothing of it is kept. PackageRefused as for merging."""
    prepared = merge.prepare(receiver, path)
    opened = prepared.incoming.opened
    bodies = {row.id: json.loads(row.body) for rows in prepared.rows.values() for row in rows if not row.removed}
    claims = []
    for row in prepared.rows.get(APPLICATION, ()):
        if row.removed:
            continue
        claim = bodies[row.id]
        person, certificate = bodies.get(claim.get("member"), {}), bodies.get(claim.get("certificate"), {})
        amount = f"{claim['amount'] / 100:,.2f} 元" if isinstance(claim.get("amount"), int) else ""
        claims.append("　".join(part for part in (claim.get("form_no", ""), person.get("full_name", "（以前报过的人）"), f"{certificate.get('occupation', '')} {certificate.get('skill_level', '')}".strip(), amount) if part))
    counts = "，".join(f"{register_named(name).label} {len(rows)} 条" for name, rows in prepared.rows.items() if rows)
    return Inside(f"{opened.union['name']}　第 {opened.series} 批", counts or "没有记录", tuple(claims))


def opinions_on(receiver: Receiver, path: Path, *, opinion: str, text: str) -> list[dict[str, Any]]:
    """The same opinion on every application in a package."""
    incoming = merge.open_incoming(receiver, path)
    if APPLICATION not in incoming.opened.part_names:
        return []
    found = [json.loads(line) for line in incoming.opened.lines(APPLICATION)]
    return [{"register": APPLICATION, "id": r["id"], "opinion": opinion, "text": text, "by": receiver.operator, "at": stamp()} for r in found if "values" in r]


def pass_on(receiver: Receiver, path: Path, folder: Path, *, opinion: str = "agreed", text: str = "", lines: Sequence[dict[str, Any]] | None = None) -> Path:
    """Write the office's package, as it is, with our opinion around it, for the district. `lines`: an opinion for each application, where they differ."""
    if not receiver.is_street:
        raise UserError("初审由街道和产业工会做。区里请直接合并。")
    district = district_card(receiver)
    if district is None:
        raise UserError("还没有装区总工会的钥匙文件，请先装上再转报。")
    incoming = merge.open_incoming(receiver, path)
    if incoming.opened.manifest["addressee"] != district.keys.fingerprint:
        raise PackageRefused(Refusal.WRONG_ADDRESSEE, "（这一批不是报给我们的上级的。）")
    said = list(lines) if lines is not None else opinions_on(receiver, path, opinion=opinion, text=text)
    enclosed = package.read_file(path)
    suite = receiver.keys.suite
    with receiver.writing() as connection:
        union = str(incoming.opened.union["id"])
        counter, digest = f"opinions:{union}", f"opinion:{union}"
        number = int(connection.execute(select(store.about.c.value).where(store.about.c.name == counter)).scalar() or 0) + 1
        previous = connection.execute(select(store.about.c.value).where(store.about.c.name == digest)).scalar()
        manifest = {
            "direction": "opinion", "practice": receiver.practice, "union": dict(incoming.opened.union), "series": number, "previous": previous, "schema": known_versions()[-1], "program": PROGRAM,
            "made_at": stamp(), "reviewer": {"id": receiver.facts.id, "name": receiver.name}, "encloses": suite.digest(enclosed).hex(),
        }
        parts = [Part("opinion", [json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() for line in said]), Part("enclosed", body=enclosed)]
        sealed = package.seal(manifest, parts, sender=receiver.keys, to=PublicKeys(district.keys.signing_key, district.keys.recipient), proof=receiver.ring.proof(receiver.facts.id))
        store.upsert(connection, store.about, [{"name": counter, "value": str(number)}, {"name": digest, "value": sealed.digest}])
        receiver.note(connection, "pass-on", office=union, series=number, digest=sealed.digest, opinions=len(said))
        name = f"{'练习_' if receiver.practice else ''}{plain_file_name(str(incoming.opened.union['name']))}_初审_{incoming.opened.series:03}{OPINION_SUFFIX}"
        return stick.write(folder, name, sealed.body)
