"""A new office: its vault, its union's record; the practice union with invented people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.services.office import Office
from app.services.records import ActKind, Invalid, read_values
from db import vault
from db.problems import UserError
from db.registers import Union

PRACTICE_UNION = {
    "name": "练习工会委员会", "uscc": "81110105MC00000017", "stat_code": "110105000001", "upper_union": "三里屯街道总工会", "union_kind": "独立基层工会",
    "chair": "周明", "contact": "李晓梅", "contact_phone": "010-65000000", "employer_name": "北京练习机电设备有限公司", "employer_uscc": "91110105MA00000012",
}
PRACTICE_USER = "练习"
PRACTICE_PASSWORD = "practice"


def shortest_password(password: str) -> None:
    """UserError when a password is too short to protect anything; no other rules."""
    if len(password) < 8:
        raise UserError("密码至少要 8 个字符。几个词连起来写，比短而怪的密码更好记也更安全。")


def create_office(
    folder: Path, *, union: Mapping[str, Any], administrator: str, password: str, recovery_code: str, practice: bool = False
) -> Office:
    """Vault, union record, first administrator. The union is checked before anything is created."""
    values, problems = read_values(Union, union)
    if errors := [p for p in problems if p.is_error]:
        raise Invalid(errors)
    shortest_password(password)
    if not administrator.strip():
        raise UserError("请写管理员的姓名。")
    opened = vault.create(folder, title=str(values["name"]), administrator=administrator.strip(), password=password, recovery_code=recovery_code, practice=practice)
    office = Office(opened)
    with office.act(ActKind.SETTING, "建立本工会") as act:
        act.create(Union, values)
    return office


def own_union(office: Office) -> Union:
    """The office's own union."""
    from sqlalchemy import select

    with office.reading() as session:
        return session.scalars(select(Union).where(Union.removed_at.is_(None)).order_by(Union.rowno)).one()


def create_practice(folder: Path, *, furnished: bool = True, story: bool = False) -> Office:
    """The practice union: marked as such in its key file, so that it can never speak to a real district. `story`: with a year of every programme."""
    from app.services import practice, practice_story
    from db import keyslots

    office = create_office(
        folder, union=PRACTICE_UNION, administrator=PRACTICE_USER, password=PRACTICE_PASSWORD, recovery_code=keyslots.new_recovery_code(), practice=True
    )
    if furnished:
        practice.furnish(office)
    if story:
        practice_story.tell(office)
    return office
