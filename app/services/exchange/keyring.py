"""The keys of this office and of those it writes to. Made on first use, kept in the vault, so that the recovery sheet brings them back."""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from app.services.office import Office
from app.services.records import ActKind
from app.services.setup import own_union
from app.sync.keys import KeyCard, KeyRing, PrivateKeys, follows, read_key_file
from db.problems import UserError
from db.vault import set_setting, setting

OUR_KEYS, DISTRICT_KEY, STREET_KEY, RENEWED_AT = "own_keys", "district_key", "street_key", "renewed_at"


def own_ring(office: Office) -> KeyRing:
    """The office's keys, made on first use; older ones behind the present."""
    written = office.setting(OUR_KEYS)
    if written is None:
        made = KeyRing((PrivateKeys.make(),))
        with office.writing() as connection:
            if setting(connection, OUR_KEYS) is None:
                set_setting(connection, OUR_KEYS, made.to_text())
        written = office.setting(OUR_KEYS)
        assert written is not None
    return KeyRing.from_text(written)


def own_keys(office: Office) -> PrivateKeys:
    return own_ring(office).present


def own_card(office: Office) -> KeyCard:
    """What a district enrols us by."""
    ring = own_ring(office)
    return KeyCard("office", office.vault.keys.vault_id, own_union(office).name or "", office.practice, ring.present.public, ring.proof(office.vault.keys.vault_id))


def write_own_card(office: Office, path: Path) -> KeyCard:
    """The office's key file, for the district to enrol it by."""
    office.clerks_only()
    card = own_card(office)
    card.write(path, own_keys(office))
    return card


def _was_answered(connection: Connection, series: int) -> bool:
    """Whether the district has merged a package of that series or a later one; also when none was ever sent."""
    return bool(connection.exec_driver_sql("SELECT max(last) >= ? FROM answer WHERE act NOT LIKE '-%' AND is_ours", (series,)).scalar()) or not connection.exec_driver_sql("SELECT count(*) FROM sent_package").scalar()


def renew(office: Office) -> KeyCard:
    """New keys in place of the present ones: the next package proves that they follow. Only an administrator may."""
    office.administrators_only()
    with office.act(ActKind.SETTING, "换本单位的钥匙") as act:
        if (renewed := setting(act.connection, RENEWED_AT)) is not None and not _was_answered(act.connection, int(renewed)):
            raise UserError("上次换的钥匙区里还没有收到（要报送一次并读入回执），现在再换，区里就不认识我们了。")
        set_setting(act.connection, RENEWED_AT, str((act.connection.exec_driver_sql("SELECT max(series) FROM sent_package").scalar() or 0) + 1))
        ring = KeyRing.from_text(setting(act.connection, OUR_KEYS) or KeyRing((PrivateKeys.make(),)).to_text()).rotated()
        set_setting(act.connection, OUR_KEYS, ring.to_text())
        act.note(fingerprint=ring.present.public.fingerprint)
    return own_card(office)


@dataclass(frozen=True)
class KeyLoaded:
    """A key file that was installed; `replaced` when another stood there, `proven` when that one vouches for it."""

    card: KeyCard
    replaced: bool
    proven: bool


def _load(office: Office, path: Path, *, role: str, name: str) -> KeyLoaded:
    office.clerks_only()
    found = read_key_file(path, role=role)
    if found.practice != office.practice:
        raise UserError("这是练习用的钥匙文件，真实的工会不能用。" if found.practice else "练习工会不能装真实的钥匙文件。")
    own_ring(office)  # from now on there are keys: a copy of this PC must not make others
    before = card_of(office, name)
    replaced = before is not None and before.keys != found.keys
    proven = before is not None and follows(before.id, found.keys, before.keys, found.proof.to_json() if found.proof else None)
    with office.act(ActKind.SETTING, f"装钥匙文件：{found.name}") as act:
        set_setting(act.connection, name, found.to_text())
        act.note(fingerprint=found.keys.fingerprint, replaced=replaced, proven=proven)
    return KeyLoaded(found, replaced, proven)


def load_district_key(office: Office, path: Path) -> KeyLoaded:
    """Read the district's key file and remember it. UserError for a wrong file or one of the other world (practice)."""
    return _load(office, path, role="district", name=DISTRICT_KEY)


def load_street_key(office: Office, path: Path) -> KeyLoaded:
    """The street or industry union's key: from now on it can open what we report, and add its opinion."""
    return _load(office, path, role="street", name=STREET_KEY)


def forget_street_key(office: Office) -> None:
    office.clerks_only()
    with office.act(ActKind.SETTING, "不再经街道或产业工会初审") as act:
        act.connection.exec_driver_sql("DELETE FROM setting WHERE name = ?", (STREET_KEY,))
        act.note(street="none")


def card_of(office: Office, name: str) -> KeyCard | None:
    written = office.setting(name)
    return KeyCard.from_text(written) if written else None


def district_key(office: Office) -> KeyCard | None:
    return card_of(office, DISTRICT_KEY)


def street_key(office: Office) -> KeyCard | None:
    return card_of(office, STREET_KEY)


def district_id(connection: Connection) -> str:
    """The district's id, empty before its key is loaded."""
    written = setting(connection, DISTRICT_KEY)
    return str(json.loads(written)["id"]) if written else ""
