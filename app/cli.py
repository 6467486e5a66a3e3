"""The terminal twin of the client, for the office's IT helper and for checks. Heavy imports wait until they are needed."""

import argparse
import getpass
import json
import os
import sys
from pathlib import Path

from db.problems import UserError, places

PASSWORD_VARIABLE = "UNIONDESK_PASSWORD"
WORKBOOK_PASSWORD = "UNIONDESK_WORKBOOK_PASSWORD"
"""For a workbook that is locked."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="工会案头 UnionDesk")
    commands = parser.add_subparsers(dest="command")
    window = commands.add_parser("open", help="open the window (also without any command)")
    window.add_argument("--vault", type=Path, metavar="DIR", help="the union's folder")
    window.add_argument("--practice", action="store_true", help="open the practice union")
    demo = commands.add_parser("demo", help="do the main job through the real windows and leave pictures, PDFs and the package")
    demo.add_argument("--out", type=Path, required=True, metavar="DIR")
    create = commands.add_parser("create", help="make a new vault; prints the recovery code")
    create.add_argument("--vault", type=Path, required=True, metavar="DIR")
    create.add_argument("--union", required=True, help="the union's legal name")
    create.add_argument("--uscc", required=True)
    create.add_argument("--upper", required=True, help="the upper union")
    create.add_argument("--user", required=True)
    roster = commands.add_parser("roster", help="check or import a roster").add_subparsers(dest="action", required=True)
    check = roster.add_parser("check", help="read a workbook and print what is in it; needs no vault, writes nothing")
    check.add_argument("file", type=Path)
    check.add_argument("--json", action="store_true")
    take = roster.add_parser("import", help="import a workbook into a vault")
    take.add_argument("file", type=Path)
    take.add_argument("--vault", type=Path, required=True, metavar="DIR")
    take.add_argument("--user", help="default: the first user of the vault")
    take.add_argument("--mode", choices=("update", "fill", "new-only"), default="update", help="what rows may do to people who are there already")
    take.add_argument("--json", action="store_true")
    return parser


def main(arguments: list[str]) -> int:
    """0 when done, 2 with one sentence on standard error when the world did not let us."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # consoles of Windows speak GBK
    options = _parser().parse_args(arguments)
    try:
        if options.command == "roster":
            return _check(options) if options.action == "check" else _import(options)
        if options.command == "create":
            return _create(options)
        if options.command == "demo":
            from app.ui.demo import run_demo

            return run_demo(options.out)
        from app.ui.run import run

        return run(getattr(options, "vault", None), practice=getattr(options, "practice", False))
    except UserError as e:
        print(e, file=sys.stderr)
        return 2
    except Exception as e:  # our own fault: where it was, never what it was about
        print(f"程序出错了，这一步没有做成。\n{places(e)}", file=sys.stderr)
        return 1


def entry() -> None:
    """The installed command `uniondesk`."""
    sys.exit(main(sys.argv[1:]))


def _check(options: argparse.Namespace) -> int:
    from app.services.roster.check import as_document, check_file

    checked = check_file(options.file, password=os.environ.get(WORKBOOK_PASSWORD))
    if options.json:
        print(json.dumps(as_document(checked, str(options.file)), ensure_ascii=False))
        return 0
    for sheet in checked.sheets:
        print(f"{sheet.name}：{len(sheet.rows)} 人" + (f"（{sheet.why_skipped}）" if sheet.why_skipped else ""))
        for row in sheet.rows:
            for problem in row.problems:
                print(f"  第 {row.row} 行：{problem.message}")
    return 0


def password_for(name: str) -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    return given if given is not None else getpass.getpass(f"{name} 的密码：")


def _import(options: argparse.Namespace) -> int:
    from app.services.office import Office
    from app.services.roster import batch
    from app.services.roster.intake import Mode, Options
    from db import keyslots, vault

    keys = keyslots.load(options.vault)
    user = options.user or keys.users[0].name
    opened = vault.unlock(options.vault, user, password_for(user))
    try:
        office = Office(opened)
        staged = batch.stage(office, options.file, password=os.environ.get(WORKBOOK_PASSWORD))
        batch.choose(office, staged, Options(Mode(options.mode)))
        done = batch.commit(office, staged, batch.make_plan(office, staged))
    finally:
        opened.close()
    counts = {"new": done.new, "changed": done.changed, "unchanged": done.unchanged, "left_out": done.left_out}
    print(json.dumps({"file": str(options.file), **counts}, ensure_ascii=False) if options.json else f"新增 {done.new} 人，更新 {done.changed} 人，没变化 {done.unchanged} 人，先不导入 {done.left_out} 行。")
    return 0


def _create(options: argparse.Namespace) -> int:
    from app.services import setup
    from db import keyslots

    code = keyslots.new_recovery_code()
    union = {"name": options.union, "uscc": options.uscc, "upper_union": options.upper}
    office = setup.create_office(options.vault, union=union, administrator=options.user, password=password_for(options.user), recovery_code=code)
    office.vault.close()
    print(f"恢复密钥（抄下来锁好）：{code}")
    return 0
