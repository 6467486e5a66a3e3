"""`python -m app.receiver`: the district union's program, from a terminal. Its window is `python -m app.receiver.ui.run`."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from app.receiver import answer, decisions, district, escrow, inbox, items, merge, offices, overview, review, taking_back
from app.receiver.district import Receiver
from app.sync.suites import AGE, SUITES
from db.problems import UserError, places

PASSWORD_VARIABLE = "UNIONDESK_RECEIVER_PASSWORD"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.receiver", description="工会案头：区总工会接收端")
    parser.add_argument("--dir", type=Path, default=Path("receiver"), help="the receiver's folder (default: receiver)")
    parser.add_argument("--operator", help="who works, where a folder has several operators")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, about: str, *files: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about)
        for file in files:
            made.add_argument(file, type=Path)
        return made

    init = command("init", "make a receiver; prints the recovery code")
    init.add_argument("--name", required=True, help="the union's name")
    init.add_argument("--url", help="postgresql://... for the records; default: an encrypted SQLite file")
    init.add_argument("--practice", action="store_true", help="a practice district, for practice unions only")
    init.add_argument("--street", action="store_true", help="a street or industry union, which reviews and passes on")
    init.add_argument("--suite", choices=sorted(SUITES), default=AGE.name)
    command("key", "write the key file that offices load").add_argument("--out", type=Path, required=True)
    command("open", "check a package and say what merging would do; keeps nothing", "file")
    command("merge", "merge a package", "file").add_argument("--enrol", metavar="FINGERPRINT", help="accept a new office whose slip shows this fingerprint")
    inbox_ = command("inbox", "look at every package in a folder, in order")
    inbox_.add_argument("folders", type=Path, nargs="+")
    inbox_.add_argument("--merge", action="store_true", help="merge those that can be merged")
    receipt = command("receipt", "write an office's answer")
    receipt.add_argument("--office", help="the office's id, name or credit code; default: the only one there is")
    receipt.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    command("offices", "list the enrolled offices").add_argument("--late", action="store_true", help="only those that have not reported")
    command("enrol", "take an office in by its key file", "file").add_argument("--fingerprint", required=True)
    command("street", "let a street union's opinions in, by its key file", "file").add_argument("--fingerprint", required=True)
    for name, about in (("suspend", "an office may not report for now"), ("revoke", "an office's keys are void"), ("resume", "an office may report again")):
        command(name, about).add_argument("office")
    take_back = command("take-back", "undo the merging of an office's last package")
    take_back.add_argument("office")
    recover = command("recover", "give a lost office's records to its new installation")
    recover.add_argument("lost")
    recover.add_argument("found")
    waiting = command("waiting", "list records that wait for a person, or settle one")
    waiting.add_argument("--settle", metavar="ID")
    waiting.add_argument("--take", choices=("theirs", "ours"))
    decide = command("decide", "decide on applications")
    decide.add_argument("state", choices=[decisions.APPROVED, decisions.REFUSED, decisions.RETURNED, decisions.PAID])
    decide.add_argument("forms", nargs="+", metavar="FORM-NO")
    decide.add_argument("--amount", type=float, help="yuan; default: what was applied for")
    decide.add_argument("--reason", action="append", default=[])
    command("applications", "list applications").add_argument("--state", default=None)
    command("form", "send a form's folder to every office with its next answer", "folder")
    command("overview", "the year's figures, against the targets").add_argument("--export", type=Path, metavar="XLSX")
    command("rotate", "new keys for this receiver; offices learn them from their next answers")
    split = command("split-key", "the receiver's keys in N parts of which K restore them", "folder")
    split.add_argument("--parts", type=int, required=True, metavar="N")
    split.add_argument("--needed", type=int, required=True, metavar="K")
    restore = command("restore", "make a lost receiver anew from its escrow file and parts read from standard input, one a line", "file")
    restore.add_argument("--url")
    review_ = command("review", "street union: pass a package on with an opinion", "file")
    review_.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    review_.add_argument("--opinion", choices=("agreed", "returned", "refused"), default="agreed")
    review_.add_argument("--text", default="")
    return parser


def main(arguments: list[str]) -> int:
    """0 when done, 2 with one sentence on standard error when refused."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # consoles of Windows speak GBK
    options = _parser().parse_args(arguments)
    try:
        return _with_receiver(options)
    except UserError as e:
        print(e, file=sys.stderr)
        return 2
    except Exception as e:  # our own fault: where it was, never what it was about
        print(f"程序出错了，这一步没有做成。\n{places(e)}", file=sys.stderr)
        return 1


def _with_receiver(options: argparse.Namespace) -> int:
    given = os.environ.get(PASSWORD_VARIABLE)
    password = given if given is not None else getpass.getpass("接收端密码：")
    if options.command in ("init", "restore"):
        if options.command == "init":
            role = district.STREET if options.street else district.DISTRICT
            receiver, code = district.init(options.dir, name=options.name, password=password, url=options.url, practice=options.practice, role=role, suite=SUITES[options.suite])
        else:
            receiver, code = escrow.restore(options.dir, options.file, [line.strip() for line in sys.stdin if line.strip()], password=password, url=options.url)
        receiver.close()
        print(f"恢复密钥（抄下来锁好）：{code}")
        return 0
    receiver = district.open_receiver(options.dir, password, operator=options.operator)
    try:
        print(COMMANDS[options.command](receiver, options))
    finally:
        receiver.close()
    return 0


def _key(receiver: Receiver, options: argparse.Namespace) -> str:
    card = receiver.write_key(options.out)
    return f"已写出 {options.out.name}，指纹 {card.keys.fingerprint}\n电话里念：{card.keys.words}"


def _inbox(receiver: Receiver, options: argparse.Namespace) -> str:
    letters = inbox.scan(receiver, options.folders)
    if options.merge:
        letters = inbox.merge_all(receiver, letters)
    return "\n".join(f"{inbox.WORDS[one.state]}  {one.union or one.path.name}  {f'第 {one.series} 批' if one.series else ''}  {one.said.splitlines()[0] if one.said else ''}".rstrip() for one in letters) or "没有数据包。"


def _offices(receiver: Receiver, options: argparse.Namespace) -> str:
    found = offices.late_offices(receiver) if options.late else offices.all_offices(receiver)
    lines = [f"{o.id}  {o.name}  {o.uscc}  {offices.STATUS_WORDS[o.status]}  已收到第 {o.last} 批{'  要核对' if o.forked or o.differs else ''}" for o in found]
    return "\n".join(lines) or ("都报过了。" if options.late else "还没有登记的单位。")


def _status(receiver: Receiver, options: argparse.Namespace) -> str:
    status = {"suspend": offices.SUSPENDED, "revoke": offices.REVOKED, "resume": offices.ACTIVE}[options.command]
    office = offices.find(receiver, options.office)
    offices.set_status(receiver, office.id, status)
    return f"{office.name}：{offices.STATUS_WORDS[status]}"


def _waiting(receiver: Receiver, options: argparse.Namespace) -> str:
    found = decisions.waiting(receiver)
    if options.settle:
        one = next((w for w in found if w.id == options.settle), None)
        if one is None or options.take is None:
            raise UserError("请写明要定哪一条（--settle 编号）和收谁的（--take theirs 或 ours）。")
        decisions.settle(receiver, one.office, one.register, one.id, take_theirs=options.take == "theirs")
        return "已定。"
    return "\n".join(f"{w.id}  {w.office_name}  {w.title}  {w.message}" for w in found) or "没有等人决定的记录。"


def _decide(receiver: Receiver, options: argparse.Namespace) -> str:
    by_number = {a.form_no: a for a in decisions.applications(receiver, limit=100_000)}
    if missing := [number for number in options.forms if number not in by_number]:
        raise UserError(f"没有这些申请：{'、'.join(missing)}。")
    chosen = [by_number[number] for number in options.forms]
    amount = round(options.amount * 100) if options.amount is not None else None
    done = decisions.decide(receiver, [(a.office, a.id) for a in chosen], options.state, amount=amount, reasons=options.reason)
    return f"{done} 份申请：{options.state}"


def _applications(receiver: Receiver, options: argparse.Namespace) -> str:
    found = decisions.applications(receiver, states=None if options.state is None else [options.state], limit=100_000)
    return "\n".join(f"{a.form_no}  {a.office_name}  {a.applicant}  {a.occupation} {a.level}  {a.amount / 100:,.2f}  {a.decided or '未审'}" for a in found) or "没有申请。"


def _overview(receiver: Receiver, options: argparse.Namespace) -> str:
    if options.export:
        overview.export(receiver, options.export)
        return f"已写出 {options.export.name}"
    return "\n".join(f"{line.title}  {line.reached}/{line.wanted} {line.unit}" if line.wanted else f"{line.title}  {line.reached} {line.unit}" for line in overview.figures(receiver))


def _split(receiver: Receiver, options: argparse.Namespace) -> str:
    made = escrow.split(receiver, options.folder, parts=options.parts, needed=options.needed)
    return f"已写出 {made.file.name} 和 {len(made.sheets)} 张分片，任意 {options.needed} 张可以恢复。"


COMMANDS: Mapping[str, Callable[[Receiver, argparse.Namespace], str]] = {
    "key": _key, "open": lambda r, o: merge.look(r, o.file).summary(), "merge": lambda r, o: merge.merge(r, o.file, enrol=o.enrol).summary(), "inbox": _inbox,
    "receipt": lambda r, o: f"已写出 {answer.answer(r, offices.find(r, o.office).id, o.out).name}", "offices": _offices,
    "enrol": lambda r, o: f"已登记 {offices.enrol_by_file(r, o.file, fingerprint=o.fingerprint).name}", "street": lambda r, o: f"已登记 {review.enrol_street(r, o.file, fingerprint=o.fingerprint)}",
    "suspend": _status, "revoke": _status, "resume": _status, "take-back": lambda r, o: f"已撤回第 {taking_back.take_back(r, offices.find(r, o.office).id)} 批",
    "recover": lambda r, o: f"下一份回执会交还 {offices.recover(r, offices.find(r, o.lost).id, offices.find(r, o.found).id)} 条", "waiting": _waiting, "decide": _decide, "applications": _applications,
    "form": lambda r, o: f"下次回执起下发 {items.put_form(r, o.folder)}", "overview": _overview, "rotate": lambda r, _o: f"新指纹 {r.rotate().keys.fingerprint}", "split-key": _split,
    "review": lambda r, o: f"已写出 {review.pass_on(r, o.file, o.out, opinion=o.opinion, text=o.text).name}",
}


def entry() -> None:
    """The installed command `uniondesk-receiver`."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
