"""Undoing the merging of a package: its images of before are put in place again."""

import base64
import json

from sqlalchemy import Connection, select, text

from app.receiver import store
from app.receiver.district import Receiver
from app.receiver.merge import HELD, PHOTOS, RECORD
from db.problems import UserError


def take_back(receiver: Receiver, office: str) -> int:
    """Undo the merging of an office's last package, whose series is returned: every record as it was before. Earlier ones can then be taken back in turn."""
    with receiver.writing() as connection:
        row = store.lock_office(connection, office)
        last = connection.execute(select(store.packages).where(store.packages.c.office == office).order_by(store.packages.c.series.desc()).limit(1)).mappings().first()
        if row is None or last is None:
            raise UserError("这个单位没有合并过的数据包可以撤回。")
        _restore(connection, office, last["series"])
        was = json.loads(last["before"])
        connection.execute(store.series.delete().where(store.series.c.office == office))
        store.upsert(connection, store.series, [{"office": office, "series": int(n), "digest": d, "merged": int(n) in was["merged"]} for n, d in was["known"].items()])
        connection.execute(store.offices.update().where(store.offices.c.id == office).values(
            last=was["last"], reached=was["reached"], holdings=was["holdings"], forked=was["forked"], differs=was["differs"], reported_at=was["reported_at"], device=was["device"], stale=True,
        ))
        connection.execute(store.packages.delete().where(store.packages.c.office == office, store.packages.c.series == last["series"]))
        receiver.note(connection, "take-back", office=office, series=last["series"], digest=last["digest"])
    return int(last["series"])


def _restore(connection: Connection, office: str, series: int) -> None:
    table = store.before
    rows = connection.execute(select(table).where(table.c.office == office, table.c.series == series)).mappings().all()
    photos = [r for r in rows if r["register"] == PHOTOS]
    rows = [r for r in rows if r["register"] != PHOTOS]
    for one in photos:
        register, had = json.loads(one["was"])
        kept = store.attachments
        connection.execute(kept.delete().where(kept.c.office == office, kept.c.of_register == register, kept.c.of_id == one["id"]))
        store.upsert(connection, kept, [{**row, "body": base64.b64decode(row["body"])} for row in had])
    for place, target, columns in (("was", store.records, RECORD), ("held", store.held, HELD)):
        back = [{"office": office, "register": r["register"], "id": r["id"], **{c: json.loads(r[place])[c] for c in columns}} for r in rows if r[place]]
        gone = [{"b_office": office, "b_register": r["register"], "b_id": r["id"]} for r in rows if not r[place]]
        store.run(  # what the package made anew has no image of before
            connection, f"DELETE FROM {target.name} WHERE office = :office AND series = :series AND NOT EXISTS "
            f"(SELECT 1 FROM before b WHERE b.office = {target.name}.office AND b.series = :series AND b.register = {target.name}.register AND b.id = {target.name}.id)", office=office, series=series,
        )
        for row in back:
            row["removed"] = bool(row["removed"])
        store.upsert(connection, target, back)
        if gone:
            connection.execute(text(f"DELETE FROM {target.name} WHERE office = :b_office AND register = :b_register AND id = :b_id"), gone)
    connection.execute(table.delete().where(table.c.office == office, table.c.series == series))
