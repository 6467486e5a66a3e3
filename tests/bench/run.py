"""Measured, not guessed: each figure beside its floor or peer of the same run. Never a timed test.

Run by `python3 installer/dev.py bench [name ...]`. Ratios carry over to other machines, seconds do not.
"""

import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["UNIONDESK_HOME"] = tempfile.mkdtemp(prefix="udbench")
from tests.bench import packages, programmes  # noqa: E402  # after the path
from tests.bench.floor import median  # noqa: E402  # likewise

SAMPLE = ROOT.parent / "shared" / "samples" / "会员名册-2万人.xlsx"
ROWS: list[tuple[str, float, float, str, str]] = []
"""name, ours, floor (both in seconds), what the floor is, aim."""


def report(name: str, ours: float, floor: float, beside: str, aim: str) -> None:
    ROWS.append((name, ours, floor, beside, aim))
    print(f"{name:<34} {ours * 1000:>10.2f} ms   {floor * 1000:>10.2f} ms   {ours / floor:>6.2f} x   {aim:<8} {beside}", flush=True)


def people(count: int) -> list[dict[str, Any]]:
    """Invented members with distinct numbers."""
    from db import identity
    from db.dates import PartialDate

    chance = random.Random(7)
    surnames, given = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红建文宇浩晨雪"
    made = []
    for n in range(count):
        first = f"1101{n // 1000 % 100:02}{1960 + n % 45}{n // 45 % 12 + 1:02}{n // 540 % 28 + 1:02}{n % 1000:03}"
        made.append(
            {
                "full_name": chance.choice(surnames) + "".join(chance.choices(given, k=chance.choice((1, 2, 2)))), "gender": "男", "id_number": first + identity.resident_check_digit(first),
                "birth_date": PartialDate(1960 + n % 45, n // 45 % 12 + 1, n // 540 % 28 + 1), "ethnicity": "汉族", "education": "本科", "political_status": "群众", "mobile": f"1{3 + n % 6}{n:09}",
                "department": f"第{n % 40}车间", "post": "电工", "employee_no": f"E{n:06}", "joined_on": PartialDate(2010, n % 12 + 1), "is_migrant_worker": False,
            }
        )
    return made


def office(folder: Path) -> Any:
    from app.services import setup

    return setup.create_practice(folder, furnished=False)


def start() -> None:
    """A new process from its first line to its first window painted: ours asks for the password, the floor is an empty QMainWindow."""
    folder = Path(tempfile.mkdtemp())
    office(folder / "union").vault.close()
    painted = "from PySide6.QtTest import QTest; QTest.qWaitForWindowExposed(w); a.processEvents(); print(time.perf_counter() - t)"
    empty = f"import time; t = time.perf_counter()\nfrom PySide6.QtWidgets import QApplication, QMainWindow\na = QApplication([]); w = QMainWindow(); w.resize(1366, 768); w.show(); {painted}"
    ours = (
        "import time; t = time.perf_counter()\nfrom pathlib import Path\nfrom app.ui.run import Shell, make_application\nfrom app.ui.preferences import Preferences\n"
        f"p = Preferences(vault={str(folder / 'union')!r}); a = make_application(p); s = Shell(p); s.begin(); w = s.window; {painted}"
    )

    def run(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
        return time.perf_counter() - started

    run(empty), run(ours)
    report("start to unlock window", statistics.median(run(ours) for _ in range(7)), statistics.median(run(empty) for _ in range(7)), "process with an empty QMainWindow", "<= 2")


def workbook() -> Path:
    if SAMPLE.exists():
        return SAMPLE
    from openpyxl import Workbook

    path = Path(tempfile.mkdtemp()) / "20000.xlsx"
    book = Workbook(write_only=True)
    sheet = book.create_sheet("会员名册")
    sheet.append(["姓名", "性别", "身份证号", "出生日期", "民族", "文化程度", "政治面貌", "手机号码", "部门", "岗位", "工号", "入会时间", "是否农民工"])
    for p in people(20_000):
        sheet.append(["否" if isinstance(v, bool) else str(v) for v in p.values()])
    book.save(path)
    return path


def check() -> None:
    """Reading and checking 20,000 people against calamine's bare read of the file, and against pandas with openpyxl."""
    import pandas
    from python_calamine import CalamineWorkbook

    from app.services.roster.check import check_file

    path = workbook()
    ours = median(lambda: check_file(path), 5)
    bare = median(lambda: CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(), 5)
    report("check 20,000 rows", ours, bare, "calamine, bare read", "<= 3")
    report("check 20,000 rows", ours, median(lambda: pandas.read_excel(path, dtype=str, engine="openpyxl"), 1), "pandas + openpyxl, read only", "")


def take_in() -> None:
    """Importing 20,000 people (journal, search index and all) against bare executemany of the same columns."""
    ours, bare = [], []
    for _ in range(3):
        one, taken = imported(workbook())
        ours.append(taken)
        bare.append(bare_insert(member_rows(one)))
        one.vault.close()
    report("import 20,000 people", statistics.median(ours), statistics.median(bare), "executemany of the same rows, encrypted too", "<= 4")


def imported(path: Path) -> tuple[Any, float]:
    """An office with the workbook taken in, and how long the commit took."""
    from app.services.roster import batch

    one = office(Path(tempfile.mkdtemp()) / "u")
    staged = batch.stage(one, path)
    planned = batch.make_plan(one, staged)
    gc.collect()
    started = time.perf_counter()
    batch.commit(one, staged, planned)
    return one, time.perf_counter() - started


def member_rows(one: Any) -> list[tuple[Any, ...]]:
    with one.vault.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM member")]


def bare_insert(rows: list[tuple[Any, ...]]) -> float:
    """The same rows by executemany into the same encrypted table, nothing else."""
    from db.vault import writing

    other = office(Path(tempfile.mkdtemp()) / "u")
    gc.collect()
    started = time.perf_counter()
    with writing(other.vault.engine) as connection:
        connection.exec_driver_sql(f"INSERT INTO member VALUES ({', '.join('?' * len(rows[0]))})", rows)
    taken = time.perf_counter() - started
    other.vault.close()
    return taken


def large_workbook(count: int = 100_000) -> Path:
    """The official member sheet's 20 columns for so many people."""
    from openpyxl import Workbook

    from app.services.sheets import official

    path = Path(tempfile.gettempdir()) / f"uniondesk-bench-{count}.xlsx"
    if path.exists():
        return path
    columns = official.load("member").columns
    book = Workbook(write_only=True)
    sheet = book.create_sheet("会员信息")
    sheet.append([column.header for column in columns])
    more = {"id_type": "居民身份证", "employment_status": "在岗", "skill_level": "职业资格三级（高级）", "household_type": "农业户口", "household_place": "河北", "membership_event": "入会",
            "membership_event_date": "2015/03/07", "employer_name": "北京某某机电设备有限公司", "native_place": "河北", "is_migrant_worker": "是", "education": "大专"}
    for n, p in enumerate(people(count), 1):
        values = {**p, **more, "row_no": str(n), "birth_date": str(p["birth_date"]).replace("-", "/")}
        sheet.append([str(values.get(column.field, "")) for column in columns])
    book.save(path)
    return path


def roster() -> None:
    """100,000 x 20: read and checked, committed, and the table that then stands there; the memory of it all."""
    from PySide6.QtTest import QTest
    from python_calamine import CalamineWorkbook

    from app.services import listing
    from app.services.listing import Query
    from app.services.roster.check import check_file
    from app.ui.preferences import Preferences
    from app.ui.register.page import RegisterPage
    from app.ui.run import make_application
    from db.registers import Member

    path = large_workbook()
    ours = median(lambda: check_file(path), 3)
    bare = median(lambda: CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(), 3)
    report("check 100,000 x 20", ours, bare, "calamine, bare read", "<= 3")
    one, taken = imported(path)
    report("import 100,000 x 20", taken, bare_insert(member_rows(one)), "executemany of the same rows, encrypted too", "<= 4")
    memory(path)
    application = make_application(Preferences())
    page = RegisterPage(one, Member, Preferences())
    page.resize(1366, 768)
    page.show()
    page.model.ask(Query(Member))

    def opened() -> None:
        page.refresh()
        application.processEvents()
        page.table.grab()

    report("table of 100,000 opens", median(opened, 5), 0.150, "the aim itself", "<= 150 ms")

    def filtered() -> None:
        page.filters = {"department": "物业"} if not page.filters else {}
        page.refresh()
        page.table.grab()

    report("table of 100,000 is filtered", median(filtered, 6), 0.200, "the aim itself", "<= 200 ms")
    page.filters = {}
    page.refresh()
    steps = []
    bar = page.table.verticalScrollBar()
    for place in range(0, bar.maximum(), max(bar.maximum() // 60, 1)):
        started = time.perf_counter()
        bar.setValue(place)
        application.processEvents()
        page.table.viewport().grab()
        steps.append(time.perf_counter() - started)
    report("a jump of the scroll bar, p95", statistics.quantiles(steps, n=20)[18], 0.050, "20 pictures a second", "<= 50 ms")
    with one.reading() as session:
        report("filter at 100,000, the query", median(lambda: listing.order_of(session, Query(Member, filters={"native_place": "河"})), 5), 0.200, "the aim itself", "<= 200 ms")
    QTest.qWait(10)
    page.close()
    one.vault.close()


def memory(path: Path) -> None:
    """The most that a process of its own ever holds while it stages, plans and commits the workbook."""
    if not Path("/proc/self/status").exists():
        return
    code = (
        "import sys, tempfile\nfrom pathlib import Path\nfrom app.services import setup\nfrom app.services.roster import batch\n"
        "one = setup.create_practice(Path(tempfile.mkdtemp()) / 'u', furnished=False)\nstaged = batch.stage(one, Path(sys.argv[1]))\n"
        "batch.commit(one, staged, batch.make_plan(one, staged))\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    most = int(subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=True, capture_output=True).stdout) * 1024
    print(f"{'memory at most, importing 100,000':<34} {most / 1e6:>10.0f} MB   (aim <= 600 MB)", flush=True)


def peers() -> None:
    """The same 20,000 people through what others use, where it is installed: sqlite-utils and trytond. Neither encrypts, journals or checks."""
    one, taken = imported(workbook())
    one.vault.close()
    records = [{name: str(value) for name, value in p.items()} for p in people(20_000)]
    try:
        import sqlite_utils
    except ImportError:
        print("sqlite-utils is not installed: pip install sqlite-utils")
    else:
        file = Path(tempfile.mkdtemp()) / "u.db"
        report("import 20,000 people", taken, median(lambda: sqlite_utils.Database(file)["m"].insert_all(records, replace=True), 1), "sqlite-utils insert, plain file", "")
    try:
        from trytond.config import config
    except ImportError:
        print("trytond is not installed: pip install trytond trytond-party")
        return
    config.set("database", "uri", f"sqlite://{tempfile.mkdtemp()}")
    os.environ["DB_NAME"] = ":memory:"
    from trytond.pool import Pool
    from trytond.tests.test_tryton import activate_module
    from trytond.transaction import Transaction

    activate_module("party")
    with Transaction().start(":memory:", 1):
        party = Pool().get("party.party")
        started = time.perf_counter()
        party.import_data(["name", "code"], [[r["full_name"], r["employee_no"]] for r in records[:2_000]])
        report("import 20,000 people", taken, (time.perf_counter() - started) * 10, "trytond Party.import_data, name and code only, 2,000 measured x 10", "")


def sign_in() -> None:
    """One sign-in, decision and durable commit, against one durable INSERT of the same row."""
    from app.services.checkin.door import Door
    from app.services.records import ActKind
    from db.registers import Lecture, Member
    from db.vault import writing

    one = office(Path(tempfile.mkdtemp()) / "u")
    with one.act(ActKind.IMPORT, "x") as act:
        act.create_many(Member, people(20_000))
        lecture = act.create(Lecture, {"topic": "x", "starts_at": one.clock(), "state": "签到中"})
    numbers = iter(f"E{n:06}" for n in range(20_000))
    door = Door(one, lecture)
    for _ in range(20):
        door.arrive(next(numbers))
    taken = []
    for _ in range(400):
        number = next(numbers)
        started = time.perf_counter()
        outcome = door.arrive(number)
        taken.append(time.perf_counter() - started)
        assert outcome.number
    started = time.perf_counter()
    door.settle()
    settled = (time.perf_counter() - started) / 420
    with one.vault.engine.connect() as connection:
        row = dict(connection.exec_driver_sql("SELECT * FROM sign_in LIMIT 1").mappings().one())
    insert = f"INSERT INTO sign_in ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
    bare = []
    for n in range(400):
        row |= {"rowno": 1_000_000 + n, "id": f"{n:036}", "member": None}
        started = time.perf_counter()
        with writing(one.vault.engine) as connection:
            connection.exec_driver_sql(insert, tuple(row.values()))
        bare.append(time.perf_counter() - started)
    one.vault.close()
    report("sign-in at 20,000 members", statistics.median(taken), statistics.median(bare), "durable INSERT of one row", "<= 1.5")
    report("...and its line in the register", settled, statistics.median(bare), "the same; done after the answer, 420 at once", "")


def pretix() -> None:
    """Our sign-in beside pretix's redeem call at 20,000 people, where PRETIX_PYTHON names a Python that has pretix (see pretix_redeem.py)."""
    python = os.environ.get("PRETIX_PYTHON")
    if not python:
        print("pretix is not installed: make an environment with `pip install pretix` and set PRETIX_PYTHON to its python")
        return
    sign_in()
    ours = next(row[1] for row in ROWS if row[0].startswith("sign-in"))
    said = subprocess.run([python, str(Path(__file__).with_name("pretix_redeem.py"))], check=True, capture_output=True, text=True).stdout
    found = json.loads(said.splitlines()[-1])
    report("sign-in at 20,000", ours, found["api_p50_s"], f"pretix redeem, REST in process, plain SQLite; p95 {found['api_p95_s'] * 1000:.0f} ms", "")
    report("sign-in at 20,000", ours, found["service_p50_s"], "pretix perform_checkin alone, plain SQLite", "")


def door_faults() -> None:
    """kill -9 at random moments of 10,000 sign-ins, and a disk that refuses now and then: how many runs, how many scans were lost."""
    from app.services.records import ActKind
    from db.registers import Lecture, Member
    from tests.faults.door import kill_again_and_again, refuse_now_and_then

    for name, kills, refusals in (("kill -9", 200, False), ("disk refuses", 0, True)):
        from app.services import setup
        from db import keyslots

        union = {"name": "练习工会委员会", "uscc": "81110105MC00000017", "upper_union": "三里屯街道总工会"}
        one = setup.create_office(Path(tempfile.mkdtemp()) / "u", union=union, administrator="甲", password="correct horse", recovery_code=keyslots.new_recovery_code())
        with one.act(ActKind.IMPORT, "x") as act:
            act.create_many(Member, people(10_000))
            lecture = act.create(Lecture, {"topic": "x", "starts_at": one.clock(), "state": "签到中"})
        numbers = [f"E{n:06}" for n in range(10_000)]
        if refusals:
            found = refuse_now_and_then(one, lecture, numbers)
        else:
            one.vault.close()
            found = kill_again_and_again(one.vault.folder, "甲", lecture, numbers, kills=kills)
        print(f"door, {name:<28} {found.runs:>6} faults   {found.shown:>6} shown   lost {found.lost}   ghosts {found.ghosts}   unsound {found.unsound}   durable before it was shown {found.in_flight}", flush=True)


def door_queue() -> None:
    """A queue of 200 by a scripted scanner through the real window: from the last key to the answer painted, p50 and p95."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from sqlalchemy import select

    from app.services.records import ActKind
    from app.ui.kiosk.door import DoorWindow
    from app.ui.preferences import Preferences
    from app.ui.run import make_application
    from db.registers import Lecture, Member

    application = make_application(Preferences())
    for size in (200, 20_000, 100_000):
        one = office(Path(tempfile.mkdtemp()) / "u")
        with one.act(ActKind.IMPORT, "x") as act:
            act.create_many(Member, people(size))
            act.create(Lecture, {"topic": "x", "starts_at": one.clock(), "state": "签到中", "planned_count": size})
        with one.reading() as session:
            window = DoorWindow(one, session.scalars(select(Lecture)).one(), door="东门")
        window.resize(1366, 768)
        window.show()
        QTest.qWaitForWindowExposed(window)
        taken = []
        for n in range(200):
            number = f"E{n * (size // 200):06}"
            QTest.keyClicks(window.field, number)
            application.processEvents()
            gc.collect()
            started = time.perf_counter()
            QTest.keyClick(window.field, Qt.Key.Key_Return)
            window.repaint()
            application.processEvents()
            taken.append(time.perf_counter() - started)
            assert window.title.text() == "签到成功", window.title.text()
        assert window.present.text() == "200"
        report(f"queue of 200 at {size:,}, p95", statistics.quantiles(taken, n=20)[18], 0.030, f"the aim itself; p50 {statistics.median(taken) * 1000:.1f} ms, worst {max(taken) * 1000:.1f} ms", "<= 30 ms")
        window.shut()
        one.vault.close()


def keystroke() -> None:
    """A search keystroke at 100,000 members: p95 over initials, pinyin, characters and digits; beside it LIKE on the same file."""
    from app.services import listing
    from app.services.records import ActKind
    from db.registers import Member

    one = office(Path(tempfile.mkdtemp()) / "u")
    with one.act(ActKind.IMPORT, "x") as act:
        act.create_many(Member, people(100_000))
    typed = ["w", "wx", "zs", "lmj", "wang", "zhangli", "王", "张丽", "丽", "1234", "0077", "e0123", "138", "zzzz"] * 6
    ours, like = [], []
    with one.reading() as session:
        for text in typed:
            started = time.perf_counter()
            listing.lookup(session, "member", text)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            session.connection().exec_driver_sql("SELECT id FROM member WHERE full_name LIKE ? OR mobile LIKE ? LIMIT 20", (f"%{text}%", f"%{text}%")).fetchall()
            like.append(time.perf_counter() - started)
    one.vault.close()
    p95 = statistics.quantiles(ours, n=20)[18]
    report("keystroke at 100,000, p95", p95, statistics.quantiles(like, n=20)[18], "LIKE on two columns", "<= 5 ms")


def forms() -> None:
    """200 subsidy forms against the very same strokes and strings replayed on a bare canvas."""
    import io

    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    from app.printing import engine, template
    from tests.app.printing.test_forms import with_dates

    form = template.load("subsidy_application")
    contexts = []
    for n in range(200):
        context = with_dates(template.sample("subsidy_application"))
        context["member"] = {**context["member"], "full_name": f"王小{chr(0x4E00 + n)}"}
        context["form"] = {**context["form"], "no": f"BT-2026-{n:06}"}
        contexts.append(context)
    engine.render(form, contexts[:1])
    strokes: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
    wanted = ("setFont", "drawString", "line", "lines", "rect", "setLineWidth", "setFillGray", "drawPath", "showPage")
    originals = {name: getattr(Canvas, name) for name in wanted}

    def recorded(name: str) -> Callable[..., Any]:
        def call(self: Canvas, *args: Any, **named: Any) -> Any:
            strokes.append((name, args, named))
            return originals[name](self, *args, **named)

        return call

    for name in wanted:
        setattr(Canvas, name, recorded(name))
    engine.render(form, contexts)
    for name, original in originals.items():
        setattr(Canvas, name, original)
    pages = "".join("." if s[0] == "showPage" else "" for s in strokes).count(".")
    static_end = next(n for n, s in enumerate(strokes) if s[0] == "drawString" and "王小" in str(s[1]))
    static = strokes[: static_end - 20]

    def by_hand() -> None:
        canvas = Canvas(io.BytesIO(), pagesize=A4, initialFontName="Helvetica", pageCompression=1)
        first = True
        for name, args, named in strokes:
            getattr(canvas, name)(*args, **named)
            if name == "showPage" and not first:
                for again, more, words in static:
                    if again != "showPage":
                        getattr(canvas, again)(*more, **words)
            first = False
        canvas.save()

    assert pages == 200
    report("200 subsidy forms", median(lambda: engine.render(form, contexts), 3), median(by_hand, 3), "the same strokes on a bare canvas", "<= 2")


def export() -> None:
    """The package of 20,000 and 100,000 members, out and in."""
    packages.export_and_open(median, report, office, people)


def district() -> None:
    """A district on PostgreSQL: 1,000 offices of 1,000 members."""
    packages.district(report)


ALL = {"start": start, "check": check, "import": take_in, "roster": roster, "peers": peers, "sign-in": sign_in, "door-queue": door_queue, "pretix": pretix, "door-faults": door_faults, "keystroke": keystroke, "forms": forms, "export": export, "district": district,
       "mixed-forms": lambda: programmes.mixed_forms(report), "eligibility": lambda: programmes.eligibility(report)}


def main(names: list[str]) -> int:
    print(f"{'what':<34} {'ours':>13}   {'floor':>13}   {'ratio':>8}   {'aim':<8} beside")
    for name in names or list(ALL):
        ALL[name]()
    out = Path(tempfile.gettempdir()) / "uniondesk-bench.json"
    out.write_text(json.dumps([{"what": n, "ours_s": o, "floor_s": f, "ratio": o / f, "beside": b, "aim": a} for n, o, f, b, a in ROWS], ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
