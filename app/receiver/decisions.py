"""What the district decides: on applications, one or many at a time; and on records that wait for a person.

A decision is a row of its own, never an edit of what an office reported. The last one on a record counts; it goes down with the
office's next answer, and again until the office has read it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, select, text

from app.receiver import store
from app.receiver.district import Receiver, stamp
from app.receiver.lines import WAITING
from db.problems import UserError
from db.record import new_id
from db.registers import SubsidyApplication, register_named

APPLICATION = SubsidyApplication.__tablename__
ACCEPTED, APPROVED, REFUSED, RETURNED, PAID = "区级受理", "批准", "不批准", "退回补正", "已发放"
FINAL = frozenset({APPROVED, REFUSED, PAID})
FOLLOWS: Mapping[str, frozenset[str]] = {
    ACCEPTED: frozenset({"", ACCEPTED, RETURNED}), APPROVED: frozenset({"", ACCEPTED, APPROVED, RETURNED}), REFUSED: frozenset({"", ACCEPTED, REFUSED, RETURNED}),
    RETURNED: frozenset({"", ACCEPTED, RETURNED, APPROVED, REFUSED}), PAID: frozenset({APPROVED}),
}
"""Which decision may follow which; what was paid out stays paid."""
REASONS = ("证书编号查不到", "证书与姓名不一致", "超过申请期限", "缺身份证或证书复印件", "银行账号有误", "同一证书已享受其他补贴", "金额与等级不符", "不是本工会会员")
"""Ready-made reasons for returning; others can be typed. 拟: the district has no list of its own."""


@dataclass(frozen=True)
class Application:
    """One application as the district sees it."""

    office: str
    office_name: str
    id: str
    form_no: str
    applicant: str
    occupation: str
    level: str
    amount: int
    """Fen."""
    reported: str
    decided: str
    approved: int | None
    reasons: tuple[str, ...]
    operator: str
    at: str
    opinion: str


def latest(connection: Connection, office: str, record: str) -> Mapping[str, Any] | None:
    """The decision that counts on a record."""
    table = store.decisions
    found = connection.execute(select(table).where(table.c.office == office, table.c.record == record, table.c.superseded.is_(False))).mappings().first()
    return dict(found) if found is not None else None


def decide(
    receiver: Receiver, chosen: Sequence[tuple[str, str]], state: str, *, amount: int | None = None, reasons: Sequence[str] = (), note: str = "", seen: Mapping[tuple[str, str], str] | None = None
) -> int:
    """Decide on applications, given as (office, id): how many. `amount` in fen; what was applied for where it is None.

    `seen`: the decision each had when the operator looked; another one now means that somebody else was quicker, and nothing is decided.
    """
    if state in (RETURNED, REFUSED) and not reasons and not note.strip():
        raise UserError("退回要写明原因，单位才知道补什么。" if state == RETURNED else "不批准要写明原因，单位才好告诉本人。")
    with receiver.writing() as connection:
        for office, record in sorted(chosen):
            store.lock_office(connection, office)
            before = latest(connection, office, record)
            had = state_of_decision(before)
            if seen is not None and seen.get((office, record), "") != had:
                raise UserError(f"{before['operator'] if before else '别人'}刚刚已经改成“{had}”，这一次没有保存。请刷新后再定。")
            if had not in FOLLOWS[state]:
                raise UserError(f"“{had}”的申请不能再改成“{state}”，没有改。")
            _decide_one(receiver, connection, office, record, state, amount, reasons, note)
    return len(chosen)


def _decide_one(receiver: Receiver, connection: Connection, office: str, record: str, state: str, amount: int | None, reasons: Sequence[str], note: str) -> None:
    row = connection.execute(select(store.records).where(store.records.c.office == office, store.records.c.register == APPLICATION, store.records.c.id == record)).mappings().first()
    if row is None or row["removed"]:
        raise UserError("这份申请已经撤回，没有决定。")
    asked = json.loads(row["body"]).get("amount")
    approved = _approved(connection, office, record, state, amount, asked)
    words = "；".join([*reasons, *([note.strip()] if note.strip() else [])])
    values: dict[str, Any] = {"state": state, "approved_amount": approved, "decision": words or None}
    put(receiver, connection, office, APPLICATION, record, values, reasons=reasons, final=state in FINAL)


def _approved(connection: Connection, office: str, record: str, state: str, amount: int | None, asked: int | None) -> int | None:
    """The amount in fen that goes with a decision. What is paid out is what was approved."""
    if state not in (APPROVED, PAID):
        return None
    if state == PAID:
        before = latest(connection, office, record)
        approved: int | None = json.loads(before["values"]).get("approved_amount") if before else None
        if amount is not None and amount != approved:
            raise UserError("发放的金额要与核定的一样。要改金额，请先重新核定。")
        return approved
    approved = amount if amount is not None else asked
    if not approved or approved < 0:
        raise UserError("这份申请没有金额，请填核定金额。")
    if asked is not None and approved > asked:
        raise UserError("核定金额比申请的多，请核对。")
    return approved


def state_of_decision(decision: Mapping[str, Any] | None) -> str:
    """The district's word on an application; empty where it has said none (it may have given back other values)."""
    return str(json.loads(decision["values"]).get("state") or "") if decision else ""


def put(receiver: Receiver, connection: Connection, office: str, register: str, record: str, values: Mapping[str, Any], *, reasons: Sequence[str] = (), final: bool = False) -> str:
    """Write a decision; it takes the place of the one before, and carries on what of that the office has not read. Its id."""
    table = store.decisions
    before, row = latest(connection, office, record), connection.execute(select(store.offices.c.answered).where(store.offices.c.id == office)).scalar_one()
    if before is not None and (before["answer"] is None or before["answer"] > row):
        values = {**json.loads(before["values"]), **values}
    connection.execute(table.update().where(table.c.office == office, table.c.record == record, table.c.superseded.is_(False)).values(superseded=True))
    made = new_id()
    connection.execute(table.insert().values(
        office=office, id=made, register=register, record=record, values=json.dumps(values, ensure_ascii=False), reasons=json.dumps(list(reasons), ensure_ascii=False), operator=receiver.operator,
        at=stamp(), answer=None, superseded=False, final=final,
    ))
    connection.execute(store.offices.update().where(store.offices.c.id == office).values(stale=True))
    receiver.note(connection, "decide", office=office, code=str(values.get("state", "")), record=record)
    return made


def accept_arrived(receiver: Receiver, office: str) -> int:
    """Tell an office that its applications have arrived (区级受理): those reported, and those reported again by an office that had read that they were returned."""
    with receiver.writing() as connection:
        store.lock_office(connection, office)
        rows = connection.execute(_ARRIVED, {"office": office, "register": APPLICATION}).all()
        arrived = [row.id for row in rows if row.said is None or not (said := json.loads(row.said).get("state")) or (said == RETURNED and row.answer is not None and row.answered >= row.answer)]
        for record in arrived:
            put(receiver, connection, office, APPLICATION, record, {"state": ACCEPTED})
    return len(arrived)


_ARRIVED = text(
    'SELECT r.id, d."values" AS said, d.answer, p.answered FROM record r JOIN package p ON p.office = r.office AND p.series = r.series '
    "LEFT JOIN decision d ON d.office = r.office AND d.record = r.id AND NOT d.superseded "
    "WHERE r.office = :office AND r.register = :register AND NOT r.removed AND r.state = '已打包'"
)


UNDECIDED = frozenset({"", ACCEPTED})


def applications(receiver: Receiver, *, states: Collection[str] | None = None, street: str | None = None, office: str | None = None, limit: int = 500) -> list[Application]:
    """Applications that were reported, newest first. `states`: the district's words on them, empty for none yet; all where it is None."""
    with receiver.reading() as connection:
        rows = connection.execute(*_wanted(connection, states, street, office, limit)).all()
        return [_application(connection, row) for row in rows]


def _wanted(connection: Connection, states: Collection[str] | None, street: str | None, office: str | None, limit: int) -> tuple[TextClause, dict[str, Any]]:
    where, parameters = store.live(APPLICATION, office=office, street=street)
    where.append("r.state IN ('已打包', '退回补正')")
    if states is not None:
        where.append(f"coalesce({store.decided(connection, 'state')}, '') IN :states")
        parameters["states"] = list(states)
    sql = (
        'SELECT r.office, o.name AS office_name, r.id, r.body, r.state, d."values" AS said, d.reasons, d.operator, d.at FROM record r JOIN office o ON o.id = r.office '
        f"LEFT JOIN decision d ON d.office = r.office AND d.record = r.id AND NOT d.superseded WHERE {' AND '.join(where)} ORDER BY r.id DESC LIMIT :limit"
    )
    return text(sql).bindparams(*([bindparam("states", expanding=True)] if states is not None else [])), {**parameters, "limit": limit}


def _application(connection: Connection, row: Any) -> Application:
    body, said = json.loads(row.body), json.loads(row.said) if row.said else {}
    person, certificate = _body(connection, row.office, "member", body.get("member")), _body(connection, row.office, "certificate", body.get("certificate"))
    opinions = store.opinions
    heard = connection.execute(select(opinions.c.opinion, opinions.c.text).where(opinions.c.office == row.office, opinions.c.record == row.id)).all()
    return Application(
        row.office, row.office_name, row.id, body.get("form_no", ""), person.get("full_name", ""), certificate.get("occupation", ""), certificate.get("skill_level", ""), body.get("amount") or 0,
        row.state, said.get("state", ""), said.get("approved_amount"), tuple(json.loads(row.reasons)) if row.reasons else (), row.operator or "", row.at or "",
        "；".join(f"{OPINION_WORDS.get(o.opinion, o.opinion)}{'：' + o.text if o.text else ''}" for o in heard),
    )


OPINION_WORDS = {"agreed": "同意", "returned": "建议退回", "refused": "不同意"}


def _body(connection: Connection, office: str, register: str, record: str | None) -> dict[str, Any]:
    table = store.records
    found = connection.execute(select(table.c.body).where(table.c.office == office, table.c.register == register, table.c.id == record)).scalar() if record else None
    return json.loads(found) if found else {}


# -- records that wait for a person


@dataclass(frozen=True)
class Waiting:
    """A record on which office and district do not agree, with both words."""

    office: str
    office_name: str
    register: str
    id: str
    title: str
    code: str
    message: str
    theirs: Mapping[str, Any]
    ours: Mapping[str, Any]
    they_removed: bool

    def differing(self) -> list[tuple[str, str, str]]:
        """(field's label, what the office says, what the district has)."""
        from db.record import fields_of

        known = {f.name: f for f in fields_of(register_named(self.register))}
        rows = []
        for name, f in known.items():
            theirs, ours = self.theirs.get(name), self.ours.get(name)
            if theirs != ours:
                rows.append((f.label, f.mask(f.from_wire(theirs)), f.mask(f.from_wire(ours))))
        return rows


def waiting(receiver: Receiver, *, office: str | None = None) -> list[Waiting]:
    """Everything that waits, by office."""
    sql = (
        "SELECT h.office, o.name AS office_name, h.register, h.id, h.title, h.code, h.message, h.body, h.removed, r.body AS ours, r.title AS our_title FROM held h JOIN office o ON o.id = h.office "
        "LEFT JOIN record r ON r.office = h.office AND r.register = h.register AND r.id = h.id WHERE h.standing = :standing" + (" AND h.office = :office" if office else "") + " ORDER BY o.name, h.register, h.id"
    )
    with receiver.reading() as connection:
        rows = connection.execute(text(sql), {"standing": WAITING, "office": office} if office else {"standing": WAITING}).all()
    return [
        Waiting(r.office, r.office_name, r.register, r.id, r.title or r.our_title or "", r.code, r.message, json.loads(r.body), json.loads(r.ours) if r.ours else {}, bool(r.removed)) for r in rows
    ]


def settle(receiver: Receiver, office: str, register: str, record: str, *, take_theirs: bool) -> None:
    """A person's word on a record that waits: the office's becomes the district's, or the district's goes back to the office."""
    with receiver.writing() as connection:
        row = store.lock_office(connection, office)
        table = store.held
        key = (table.c.office == office, table.c.register == register, table.c.id == record)
        found = connection.execute(select(table).where(*key, table.c.standing == WAITING)).mappings().first()
        if found is None or row is None:
            raise UserError("这一条刚才已经有人定过了，请刷新。")
        connection.execute(table.delete().where(*key))
        if take_theirs:
            _take_theirs(connection, dict(found))
        else:
            _give_ours(receiver, connection, dict(found))
        connection.execute(store.offices.update().where(store.offices.c.id == office).values(stale=True))
        receiver.note(connection, "settle", office=office, code="theirs" if take_theirs else "ours", register=register, record=record)


def _take_theirs(connection: Connection, held: Mapping[str, Any]) -> None:
    table = store.records
    key = (table.c.office == held["office"], table.c.register == held["register"], table.c.id == held["id"])
    here = connection.execute(select(table).where(*key)).mappings().first()
    columns = {c: held[c] for c in ("revision", "removed", "body", "hash", "series", "title", "state", "into_id")}
    columns["revision"] = max(held["revision"], here["revision"] if here else 1)
    store.upsert(connection, table, [{"office": held["office"], "register": held["register"], "id": held["id"], **columns}])


def _give_ours(receiver: Receiver, connection: Connection, held: Mapping[str, Any]) -> None:
    """The office gets the district's values back: as a decision where it has the record, as a gift where it has not."""
    table = store.records
    key = (table.c.office == held["office"], table.c.register == held["register"], table.c.id == held["id"])
    here = connection.execute(select(table).where(*key)).mappings().first()
    if here is None or here["removed"]:
        raise UserError("区里没有这一条，只能收下单位的。")
    if held["removed"]:
        store.upsert(connection, store.gifts, [{"office": held["office"], "register": held["register"], "id": held["id"], "answer": None}])
        return
    ours, theirs = json.loads(here["body"]), json.loads(held["body"])
    values = {name: ours.get(name) for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)}
    before = latest(connection, held["office"], held["id"])
    said = {name: value for name, value in json.loads(before["values"]).items() if name in ("state", "approved_amount", "decision")} if before else {}
    put(receiver, connection, held["office"], held["register"], held["id"], {**said, **values}, reasons=["按区里的资料改回"], final=bool(before and before["final"]))
