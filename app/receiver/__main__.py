"""`python -m app.receiver`: the district union's program, from a terminal."""

import argparse
import getpass
import os
import sys
from pathlib import Path

from app.receiver import district
from db.problems import UserError, places

PASSWORD_VARIABLE = "UNIONDESK_RECEIVER_PASSWORD"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.receiver", description="工会案头：区总工会接收端")
    parser.add_argument("--dir", type=Path, default=Path("receiver"), help="the receiver's folder (default: receiver)")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make a receiver; prints the recovery code")
    init.add_argument("--name", required=True, help="the district union's name")
    init.add_argument("--url", help="postgresql://... for the records; default: an encrypted SQLite file")
    init.add_argument("--practice", action="store_true", help="a practice district, for practice unions only")
    key = commands.add_parser("key", help="write the key file that offices load")
    key.add_argument("--out", type=Path, required=True)
    look = commands.add_parser("open", help="check a package and say what merging would do; keeps nothing")
    look.add_argument("file", type=Path)
    merge = commands.add_parser("merge", help="merge a package")
    merge.add_argument("file", type=Path)
    merge.add_argument("--enrol", metavar="FINGERPRINT", help="accept a new office whose slip shows this fingerprint")
    receipt = commands.add_parser("receipt", help="write the receipt for an office's last merged package")
    receipt.add_argument("--office", help="the office's id, name or credit code; default: the only one there is")
    receipt.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    commands.add_parser("offices", help="list the enrolled offices")
    return parser


def main(arguments: list[str]) -> int:
    """0 when done, 2 with one sentence on standard error when refused."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # consoles of Windows speak GBK
    options = _parser().parse_args(arguments)
    given = os.environ.get(PASSWORD_VARIABLE)
    password = given if given is not None else getpass.getpass("接收端密码：")
    try:
        if options.command == "init":
            receiver, code = district.init(options.dir, name=options.name, password=password, url=options.url, practice=options.practice)
            receiver.close()
            print(f"恢复密钥（抄下来锁好）：{code}")
            return 0
        receiver = district.open_receiver(options.dir, password)
        try:
            print(_run(receiver, options))
        finally:
            receiver.close()
    except UserError as e:
        print(e, file=sys.stderr)
        return 2
    except Exception as e:  # our own fault: where it was, never what it was about
        print(f"程序出错了，这一步没有做成。\n{places(e)}", file=sys.stderr)
        return 1
    return 0


def _run(receiver: district.Receiver, options: argparse.Namespace) -> str:
    if options.command == "key":
        key = receiver.write_key(options.out)
        return f"已写出 {options.out.name}，指纹 {key.keys.fingerprint}"
    if options.command == "open":
        return receiver.look(options.file).summary()
    if options.command == "merge":
        return receiver.merge(options.file, enrol=options.enrol).summary()
    if options.command == "offices":
        return "\n".join(f"{o['id']}  {o['name']}  {o['uscc']}  已收到第 {o['series']} 批" for o in receiver.known_offices()) or "还没有登记的单位。"
    return f"已写出 {receiver.receipt(_office(receiver, options.office), options.out).name}"


def _office(receiver: district.Receiver, wanted: str | None) -> str:
    found = [o for o in receiver.known_offices() if wanted is None or wanted in (o["id"], o["name"], o["uscc"])]
    if len(found) != 1:
        raise UserError("请用 --office 指明一个单位（编号、名称或信用代码）。" if found else "没有这个单位。")
    return str(found[0]["id"])


def entry() -> None:
    """The installed command `uniondesk-receiver`."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
