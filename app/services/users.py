"""Who may open the desk: added, given new passwords, removed; by an administrator, or each her own password."""

from app.services.office import Office
from app.services.setup import shortest_password
from db.keyslots import RECOVERY, Role
from db.problems import UserError


def add(office: Office, name: str, role: Role, password: str) -> None:
    """A new user. UserError for a name that is taken or kept, a short password, or one who may not."""
    office.administrators_only()
    plain = name.strip()
    if not plain or plain == RECOVERY:
        raise UserError("请写一个人的姓名。")
    if any(slot.name == plain for slot in office.vault.keys.users):
        raise UserError(f"已经有“{plain}”了，没有改动。要换密码请本人登录后改；同名的请加个记号。")
    shortest_password(password)
    office.vault.set_user(plain, role, password)


def change_own_password(office: Office, password: str) -> None:
    """After the recovery code was used, the new password is a new administrator's."""
    shortest_password(password)
    if office.user.name == RECOVERY:
        raise UserError("现在是用恢复密钥打开的，请添加一位新的管理员，再用新密码打开。")
    office.vault.set_user(office.user.name, office.user.role, password)


def remove(office: Office, name: str) -> None:
    office.administrators_only()
    if name == office.user.name:
        raise UserError("不能移除自己。")
    office.vault.remove_user(name)


def change_recovery_code(office: Office, code: str) -> None:
    """A new recovery code in place of the old one."""
    office.administrators_only()
    office.vault.set_recovery_code(code)
