"""One worker's story through every programme, nothing typed twice: entry, third place, 高级工, subsidy, package, approval, ledger, report."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from app.receiver import decisions
from app.receiver.district import Receiver
from app.receiver.merge import look, merge
from app.services import competitions, entries, form_jobs, funds
from app.services.claims import judging, making
from app.services.exchange import send
from app.services.office import Office
from db.dates import PartialDate
from db.registers import BudgetLine, Certificate, Competition, CompetitionTrade, LedgerEntry, Member, SubsidyApplication
from tests.app.printing.test_forms import pages_of
from tests.app.receiver.exchanges import read
from tests.conftest import NOW, person


def test_from_the_entry_to_the_ledger_nothing_is_typed_twice(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    from app.receiver import answer

    office = connected
    people = [add(Member, **person(n, member_card_no="6214850112345670")) for n in range(4)]
    contest = add(Competition, name="2026 年电工技能竞赛", trades="电工", third_prizes=1, second_prizes=1, first_prizes=1, ends_on=PartialDate(2026, 11, 1))
    add(CompetitionTrade, competition=contest, trade="电工", promotion_ranks=3, promotion_level="三级/高级工")
    entered = entries.enter(office, contest, "电工", people).entries
    competitions.enter_scores(office, contest, None, {entry: (str(90 - 5 * n), str(90 - 5 * n), False) for n, entry in enumerate(entered)})
    competitions.settle(office, contest)
    made = competitions.certify(office, contest, issued_on=PartialDate(2026, 11, 10), issuing_body="北京市某某技能评价中心", numbers={entered[2]: "S000011000123263000003"})
    with office.reading() as session:
        [third] = session.scalars(select(Certificate).where(Certificate.certificate_no == "S000011000123263000003")).all()
        assert third.member == people[2] and third.id in made

    with office.vault.engine.connect() as connection:
        found = judging.survey(connection, NOW.date(), ("技能提升补贴",))
    [claim] = making.propose_many(office, [one for one in found.may if one.id == third.id]).made
    paper = form_jobs.job_named(office, "subsidy_application", [claim])
    form_jobs.was_printed(office, paper)
    assert all(words in pages_of(paper.pdf)[0] for words in (person(2)["full_name"], "电工", "S000011000123263000003", "贰仟元整"))

    (tmp_path / "stick").mkdir()
    package = send.export(office, tmp_path / "stick").path
    merge(receiver, package, enrol=look(receiver, package).fingerprint)
    [waiting] = decisions.applications(receiver)
    decisions.decide(receiver, [(waiting.office, waiting.id)], "批准", note="同意")
    read(office, answer.answer(receiver, office.vault.keys.vault_id, tmp_path / "stick"))
    with office.reading() as session:
        stored = session.scalars(select(SubsidyApplication)).one()
        assert (stored.state, stored.approved_amount) == ("批准", Decimal(2000))

    line = add(BudgetLine, year=2026, programme="技能补贴", name="技能补贴", amount=Decimal(10_000))
    funds.pay_claim(office, claim, budget_line=line)
    with office.reading() as session:
        booked = session.scalars(select(LedgerEntry)).one()
        assert booked.paid == Decimal(2000) and booked.claim == claim and person(2)["full_name"] not in (booked.summary or "")
        [balance] = funds.balances(session.connection(), 2026)
    assert (balance.left, balance.beneficiaries) == (Decimal(8000), 1)
