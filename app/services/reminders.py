"""What Today says of the programmes: terms that end, studios whose naming runs out, notices that are over, certificates that expire."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, String, func, select, type_coerce

from app.services.policies import rule
from app.services.records import table_of
from db.registers import Certificate, Member, Nomination, Officer, Studio, StudioReview
from db.registers.membership import LEFT


@dataclass(frozen=True)
class Reminder:
    register: str
    id: str
    text: str
    detail: str
    day: date


def due(connection: Connection, today: date) -> list[Reminder]:
    """What is due within the days that the rule names, the nearest first."""
    until = today + timedelta(days=rule(connection, "term_reminder_days", today).value)
    found: list[Reminder] = []
    officers, studios, nominations = table_of(Officer), table_of(Studio), table_of(Nomination)
    for r in connection.execute(select(officers).where(officers.c.removed_at.is_(None), officers.c.left_on.is_(None), officers.c.term_to.is_not(None), type_coerce(officers.c.term_to, String) <= f"{until}~")).mappings():
        end = r["term_to"].last_day()
        if end <= until:
            said = f"{r['position']}{r['full_name']}的任期{'已于' if end < today else '到'} {end} {'届满' if end < today else '届满，要准备换届'}"
            found.append(Reminder(Officer.__tablename__, r["id"], said, "任期三年或五年，届满要换届选举或报告延期。", end))
    for r in connection.execute(select(studios).where(studios.c.removed_at.is_(None), studios.c.named_until.is_not(None), type_coerce(studios.c.named_until, String) <= f"{until}~")).mappings():
        end = r["named_until"].last_day()
        if end <= until and r["state"] != "撤销":
            found.append(Reminder(Studio.__tablename__, r["id"], f"“{r['name']}”的命名到 {end} 期满", "请准备复核材料。", end))
    reviews = table_of(StudioReview)
    if today.month >= rule(connection, "studio_review_month", today).value:
        done = select(reviews.c.studio).where(reviews.c.year == today.year, reviews.c.removed_at.is_(None), reviews.c.conclusion.is_not(None))
        missing = select(studios.c.id, studios.c.name).where(studios.c.removed_at.is_(None), studios.c.state == "已命名", func.coalesce(type_coerce(studios.c.named_on, String), "") < str(today.year), studios.c.id.not_in(done))
        found += (Reminder(Studio.__tablename__, r.id, f"“{r.name}”今年还没有年度考核", "把当年的成果、活动和考核结论记到“年度考核”里。", date(today.year, 12, 31)) for r in connection.execute(missing))
    for r in connection.execute(select(nominations).where(nominations.c.removed_at.is_(None), nominations.c.notice_to.is_not(None), nominations.c.state.in_(("草稿", "校验通过")))).mappings():
        end = r["notice_to"].last_day()
        if end < today:
            found.append(Reminder(Nomination.__tablename__, r["id"], f"{r['kind']}的公示 {end} 已结束", "没有异议就可以打印推荐表、盖章上报。", end))
    certificates, members = table_of(Certificate), table_of(Member)
    expiring = (
        select(certificates.c.id, certificates.c.occupation, certificates.c.kind, certificates.c.valid_to, members.c.full_name).join(members, members.c.id == certificates.c.member)
        .where(certificates.c.removed_at.is_(None), members.c.removed_at.is_(None), func.coalesce(members.c.membership_event, "").not_in(sorted(LEFT)), certificates.c.valid_to.is_not(None), type_coerce(certificates.c.valid_to, String).between(str(today), f"{until}~"))
    )
    for r in connection.execute(expiring).mappings():
        end = r["valid_to"].last_day()
        if end <= until:
            found.append(Reminder(Certificate.__tablename__, r["id"], f"{r['full_name']}的{r['occupation'] or r['kind'] or '证书'} {end} 到期", "到期前要复审或换证。", end))
    return sorted(found, key=lambda one: one.day)
