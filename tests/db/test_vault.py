"""The encrypted file: what opens it, what does not, and that nothing is ever created by mistake."""

import json
import multiprocessing
import shutil
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.services import setup
from app.services.office import Office
from app.services.records import ActKind
from db import journal, keyslots, vault
from db.keyslots import Role
from db.problems import UserError
from db.record import Base
from db.registers import Member
from tests.conftest import PASSWORD, UNION, person

FOLDER = "union"


def unlocked(office: Office) -> Path:
    """The folder of an office that was closed."""
    office.vault.close()
    return office.vault.folder


def test_the_right_password_opens_and_everything_is_there(office: Office) -> None:
    with office.act(ActKind.EDIT, "x") as act:
        act.create(Member, person())
    again = vault.unlock(unlocked(office), "李晓梅", PASSWORD)
    with again.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM member")).scalar() == 1
    again.close()


@pytest.mark.parametrize(("name", "password"), [("李晓梅", "wrong"), ("别人", PASSWORD), ("李晓梅", "")])
def test_a_wrong_name_or_password_is_refused_in_one_sentence(office: Office, name: str, password: str) -> None:
    with pytest.raises(UserError, match="姓名或密码不对"):
        vault.unlock(unlocked(office), name, password)


def test_no_name_stands_readable_in_the_file(office: Office) -> None:
    with office.act(ActKind.EDIT, "x") as act:
        act.create(Member, person(full_name="欧阳建国"))
    folder = unlocked(office)
    bodies = b"".join(p.read_bytes() for p in folder.iterdir() if p.is_file())
    assert "欧阳建国".encode() not in bodies
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(folder / "vault.db").execute("SELECT * FROM sqlite_master").fetchall()


def test_without_the_key_file_nothing_is_opened_and_nothing_made(office: Office) -> None:
    folder = unlocked(office)
    (folder / "vault.json").unlink()
    before = sorted(p.name for p in folder.iterdir())
    with pytest.raises(UserError, match="找不到钥匙文件"):
        vault.unlock(folder, "李晓梅", PASSWORD)
    assert sorted(p.name for p in folder.iterdir()) == before


def test_without_the_database_nothing_is_made_in_its_place(office: Office) -> None:
    folder = unlocked(office)
    (folder / "vault.db").unlink()
    with pytest.raises(UserError, match=r"找不到资料文件"):
        vault.unlock(folder, "李晓梅", PASSWORD)
    assert not (folder / "vault.db").exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"format": "x"}', b'{"format": "uniondesk-vault", "version": 1}', b"\xff\xfe"])
def test_a_damaged_key_file_is_refused_in_one_sentence(office: Office, body: bytes) -> None:
    folder = unlocked(office)
    (folder / "vault.json").write_bytes(body)
    with pytest.raises(UserError, match="损坏"):
        vault.unlock(folder, "李晓梅", PASSWORD)


def test_a_role_cannot_be_raised_by_editing_the_key_file(office: Office) -> None:
    office.vault.set_user("门口", Role.DOOR, "door-password")
    folder = unlocked(office)
    raw = json.loads((folder / "vault.json").read_text("utf-8"))
    for slot in raw["slots"]:
        if slot["name"] == "门口":
            slot["role"] = "administrator"
    (folder / "vault.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(UserError, match="姓名或密码不对"):
        vault.unlock(folder, "门口", "door-password")


def test_a_database_of_another_vault_is_refused(office: Office, tmp_path: Path) -> None:
    other = vault.create(tmp_path / "other", title="x", administrator="李晓梅", password=PASSWORD, recovery_code=keyslots.new_recovery_code())
    other.close()
    folder = unlocked(office)
    shutil.copy(tmp_path / "other" / "vault.db", folder / "vault.db")
    for suffix in ("-wal", "-shm"):
        (folder / f"vault.db{suffix}").unlink(missing_ok=True)
    with pytest.raises(UserError, match="不是一对"):
        vault.unlock(folder, "李晓梅", PASSWORD)


def test_a_vault_of_a_newer_program_is_refused_and_left_alone(office: Office) -> None:
    with office.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    folder = unlocked(office)
    with pytest.raises(UserError, match="更新的程序"):
        vault.unlock(folder, "李晓梅", PASSWORD)


def test_a_second_window_on_the_same_vault_is_refused(office: Office) -> None:
    with pytest.raises(UserError, match="另一个窗口"):
        vault.unlock(office.vault.folder, "李晓梅", PASSWORD)


def test_creating_where_a_vault_is_changes_nothing(office: Office) -> None:
    folder = unlocked(office)
    before = (folder / "vault.db").read_bytes()
    with pytest.raises(UserError, match="已经有一个资料库"):
        vault.create(folder, title="x", administrator="a", password="b", recovery_code="c")
    assert (folder / "vault.db").read_bytes() == before


def test_the_recovery_code_opens_as_typed_by_hand(tmp_path: Path) -> None:
    code = keyslots.new_recovery_code()
    vault.create(tmp_path / "v", title="x", administrator="a", password=PASSWORD, recovery_code=code).close()
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    opened = vault.unlock_with_recovery(tmp_path / "v", typed)
    assert opened.user.role is Role.ADMINISTRATOR
    opened.close()


def test_one_wrong_character_of_the_recovery_code_is_told_from_a_wrong_sheet() -> None:
    code = keyslots.new_recovery_code()
    wrong = ("2" if code[0] != "2" else "3") + code[1:]
    assert keyslots.normal_recovery_code(code) == code
    assert keyslots.normal_recovery_code(wrong) in (None, wrong)  # the check character finds 31 of 32


def test_the_last_administrator_cannot_be_removed(office: Office) -> None:
    with pytest.raises(UserError, match="至少要留一位管理员"):
        office.vault.remove_user("李晓梅")


def test_a_backup_is_a_vault_that_opens(office: Office) -> None:
    with office.act(ActKind.EDIT, "x") as act:
        act.create(Member, person())
    copy = office.vault.back_up()
    opened = vault.unlock(copy, "李晓梅", PASSWORD)
    with opened.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM member")).scalar() == 1
    opened.close()


def test_backups_are_thinned_to_days_weeks_and_months(tmp_path: Path) -> None:
    today = date(2026, 11, 20)
    for age in range(0, 800, 1):
        day = datetime.combine(today - timedelta(days=age), datetime.min.time())
        (tmp_path / day.strftime("%Y-%m-%d_%H%M%S")).mkdir()
    vault.thin(tmp_path, today=today)
    kept = [when.date() for when, _ in vault.backups_in(tmp_path)]
    assert all(today - timedelta(days=age) in kept for age in range(7))
    assert 20 <= len(kept) <= 26
    assert min(kept) > today - timedelta(days=366)


def test_the_migrations_lead_to_the_models(office: Office) -> None:
    with office.vault.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "include_object": lambda o, name, kind, *_: not (name or "").startswith("search_")})
        assert compare_metadata(context, Base.metadata) == []


def test_a_vault_of_the_version_before_keeps_its_lectures_and_gets_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0002 -> 0003 with data: rows stay, a copy is made first, a person can now sign in to two sessions and still not twice to one."""
    migrate = vault._migrate
    monkeypatch.setattr(vault, "_migrate", lambda path, key, to="head": migrate(path, key, "0002"))
    made = vault.create(tmp_path / "u", title="x", administrator="a", password=PASSWORD, recovery_code="x")
    with vault.writing(made.engine) as connection:
        connection.exec_driver_sql("INSERT INTO lecture (rowno, id, revision, origin, changed_at, topic, starts_at) VALUES (1, 'l', 1, '', '', '旧讲座', '2026-01-01T06:00:00.000000Z')")
        connection.exec_driver_sql("INSERT INTO sign_in (rowno, id, revision, origin, changed_at, lecture, member, full_name) VALUES (1, 's', 1, '', '', 'l', 'm', '张三')")
    made.close()
    monkeypatch.setattr(vault, "_migrate", migrate)
    opened = vault.unlock(tmp_path / "u", "a", PASSWORD)
    insert = "INSERT INTO sign_in (rowno, id, revision, origin, changed_at, lecture, member, session) VALUES ({0}, 's{0}', 1, '', '', 'l', 'm', {1})"
    with vault.writing(opened.engine) as connection:
        assert connection.exec_driver_sql("SELECT topic, speaker_bio FROM lecture").one() == ("旧讲座", None)
        connection.exec_driver_sql(insert.format(2, "'morning'"))
    for again in ("NULL", "'morning'"):
        with pytest.raises(IntegrityError), vault.writing(opened.engine) as connection:
            connection.exec_driver_sql(insert.format(3, again))
    assert len(vault.backups_in(tmp_path / "u" / "backups")) == 1
    opened.close()


def test_a_vault_opened_in_one_thread_is_closed_in_another(tmp_path: Path) -> None:
    """The window opens it in a job and locks it itself; the next opening finds it free."""
    vault.create(tmp_path / "u", title="x", administrator="a", password=PASSWORD, recovery_code="x").close()
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(vault.unlock, tmp_path / "u", "a", PASSWORD).result()
        with pytest.raises(UserError, match="另一个窗口"):
            vault.unlock(tmp_path / "u", "a", PASSWORD)
        opened.close()
        assert not opened._lock.is_locked


def test_the_journal_takes_no_changes_and_shows_none(office: Office) -> None:
    with office.act(ActKind.EDIT, "x") as act:
        act.create(Member, person())
    with pytest.raises(Exception, match="append-only"), office.writing() as connection:
        connection.execute(text("UPDATE journal SET who = 'x'"))
    with pytest.raises(Exception, match="append-only"), office.writing() as connection:
        connection.execute(text("DELETE FROM journal"))
    with office.vault.engine.connect() as connection:
        assert journal.verify(connection) is None


def test_a_journal_row_changed_behind_the_programs_back_is_found(office: Office) -> None:
    for n in range(3):
        with office.act(ActKind.EDIT, f"x{n}") as act:
            act.create(Member, person(n))
    with office.writing() as connection:
        connection.execute(text("DROP TRIGGER journal_keeps_words"))
        connection.execute(text("UPDATE journal SET changes = '{}' WHERE seq = 4"))
    with office.vault.engine.connect() as connection:
        assert journal.verify(connection) == 4


def _write_until_killed(folder: str, ready: "multiprocessing.connection.Connection") -> None:
    opened = vault.unlock(Path(folder), "李晓梅", PASSWORD)
    office = Office(opened)
    n = 0
    while True:
        with office.act(ActKind.EDIT, "x") as act:
            act.create(Member, person(n))
        ready.send(n)
        n += 1


def test_a_killed_program_loses_no_confirmed_act(office: Office, long_form: bool) -> None:
    folder = unlocked(office)
    context = multiprocessing.get_context("spawn")
    confirmed = 0
    for _ in range(20 if long_form else 2):
        ours, theirs = context.Pipe()
        process = context.Process(target=_write_until_killed, args=(str(folder), theirs))
        process.start()
        seen = 0
        while seen < 25:
            assert ours.poll(60)
            ours.recv()
            seen += 1
        process.kill()
        process.join()
        while ours.poll():
            ours.recv()
            seen += 1
        confirmed += seen
        opened = vault.unlock(folder, "李晓梅", PASSWORD)
        with opened.engine.connect() as connection:
            count = connection.execute(text("SELECT count(*) FROM member")).scalar_one()
            assert journal.verify(connection) is None
        opened.close()
        assert confirmed <= count <= confirmed + 1
        confirmed = count


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mount)], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    try:
        office = setup.create_office(mount / "u", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code="x")
        kept = 0
        with pytest.raises(UserError, match="磁盘满了"):
            for start in range(0, 400_000, 100):
                with office.act(ActKind.EDIT, "x") as act:
                    act.create_many(Member, [person(n % 400, full_name=f"王{n}") for n in range(start, start + 100)])
                kept = start + 100
        with office.vault.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM member")).scalar() == kept
            assert journal.verify(connection) is None
        with pytest.raises(UserError, match="备份没有写成"):
            office.vault.back_up()
        office.vault.close()
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_vault_that_could_not_be_made_leaves_room_for_another_try(tmp_path: Path) -> None:
    mount = tmp_path / "tiny"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    try:
        with pytest.raises(UserError, match="磁盘是否已满"):
            setup.create_office(mount / "u", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code="x")
        assert not vault.exists(mount / "u")
    finally:
        subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.parametrize("name", ["工会 资料", "a#b", "100%", "x?y", "%41", "最终版(2)"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    made = vault.create(tmp_path / name, title="x", administrator="a", password=PASSWORD, recovery_code="x")
    copy = made.back_up()
    made.close()
    vault.unlock(tmp_path / name, "a", PASSWORD).close()
    vault.unlock(copy, "a", PASSWORD).close()
    assert [p.name for p in tmp_path.iterdir()] == [name]
