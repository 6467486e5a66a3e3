"""The programmes measured: mixed forms against the same strokes, eligibility and the dashboard of 20,000 members against reading the bare rows."""

import io
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.floor import Report, median

YEARS = range(2022, 2027)


def mixed_forms(report: Report) -> None:
    """1,000 copies of all the forms for single records in one job each, against their strokes on a bare canvas."""
    from reportlab.pdfgen.canvas import Canvas

    from app.printing import engine, template
    from tests.app.printing.test_forms import with_dates

    forms = [form for name in template.form_names() if (form := template.load(name)).register and not form.list_of and form.sheet == "A4"]
    each = 1000 // len(forms)
    jobs = [(form, [with_dates(template.sample(form.name))] * each) for form in forms]
    for form, contexts in jobs:
        engine.render(form, contexts[:1])
    wanted = ("setFont", "drawString", "line", "lines", "rect", "setLineWidth", "setFillGray", "drawPath", "showPage")
    originals = {name: getattr(Canvas, name) for name in wanted}
    strokes: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def recorded(name: str) -> Callable[..., Any]:
        def call(self: Canvas, *args: Any, **named: Any) -> Any:
            strokes.append((name, args, named))
            return originals[name](self, *args, **named)

        return call

    for name in wanted:
        setattr(Canvas, name, recorded(name))
    for form, contexts in jobs:
        engine.render(form, contexts[:1])
    for name, original in originals.items():
        setattr(Canvas, name, original)

    def by_hand() -> None:
        canvas = Canvas(io.BytesIO(), initialFontName="Helvetica", pageCompression=1)
        for _ in range(each):
            for name, args, named in strokes:
                getattr(canvas, name)(*args, **named)
        canvas.save()

    report(f"{each * len(forms)} mixed forms of {len(forms)} kinds", median(lambda: [engine.render(form, contexts) for form, contexts in jobs], 2), median(by_hand, 2), "the same strokes on a bare canvas", "<= 2")


def furnished(people: int = 20_000) -> Any:
    """An office of 20,000 members with five years of certificates, entries, enrolments and claims."""
    from app.services import setup
    from app.services.records import ActKind
    from db.dates import PartialDate
    from db.registers import Certificate, Competition, Enrolment, Entry, Member, Training
    from tests.bench.run import people as made_people

    office = setup.create_office(Path(tempfile.mkdtemp()) / "u", union=setup.PRACTICE_UNION, administrator="练习", password="practice-union", recovery_code="x", practice=True)
    chance = random.Random(7)
    with office.act(ActKind.IMPORT, "x") as act:
        act.announce()
        ids = act.create_many(Member, made_people(people))
        contest = act.create(Competition, {"name": "赛", "trades": "电工"})
        course = act.create(Training, {"name": "班", "kind": "技能培训", "starts_on": PartialDate(2026, 1, 1)})
        day = lambda: PartialDate(chance.choice(YEARS), chance.randrange(1, 11), chance.randrange(1, 28))  # noqa: E731  # one of the invented days
        levels = ("四级/中级工", "三级/高级工", "二级/技师")
        act.create_many(Certificate, [{"member": m, "kind": "职业技能等级证书", "occupation": "电工", "skill_level": chance.choice(levels), "issued_on": day(), "is_verified": True} for m in ids])
        act.create_many(Entry, [{"competition": contest, "member": m, "trade": "电工", "entered_on": day()} for m in ids[: people // 2]])
        act.create_many(Enrolment, [{"training": course, "member": m, "full_name": "某人", "enrolled_on": day()} for m in ids[: people // 2]])
    return office


def eligibility(report: Report) -> None:
    """Who of 20,000 may claim, against reading the rows that decide it."""
    from app.services.claims.judging import survey
    from app.services.figures import report as figures
    from app.services.statistics import REMINDED
    from db.period import Year

    office = furnished()
    today = office.clock().astimezone().date()
    with office.vault.engine.connect() as connection:

        def bare() -> None:
            connection.exec_driver_sql("SELECT * FROM certificate c JOIN member m ON m.id = c.member WHERE c.removed_at IS NULL").all()
            connection.exec_driver_sql("SELECT * FROM subsidy_application").all()

        survey(connection, today, REMINDED)
        report("who may claim, 20,000 members", median(lambda: survey(connection, today, REMINDED), 3), median(bare, 3), "reading the rows bare", "<= 1 s")

        def counts() -> None:
            for table in ("member", "certificate", "entry", "enrolment"):
                connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE removed_at IS NULL").all()

        figures(connection, Year.calendar(2026))
        started = time.perf_counter()
        figures(connection, Year.calendar(2026))
        print(f"    the dashboard of the year: {(time.perf_counter() - started) * 1000:.0f} ms")
        report("dashboard, 20,000 members, 5 years", median(lambda: figures(connection, Year.calendar(2026)), 5), median(counts, 5), "counting the four tables", "<= 200 ms")
    office.vault.close()
