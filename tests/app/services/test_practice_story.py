"""The practice union's year: every programme has something to look at, and its chain holds together."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.services import figures, practice_story, related, setup
from app.services.claims import making
from db.period import Year
from db.registers import REGISTERS, Certificate, Entry, LedgerEntry, SubsidyApplication

EMPTY = {"lecture_session", "sign_in", "membership_event", "hardship_case", "family_member", "assistance"}
"""Left for the clerk to try: the door makes sign-ins, and nobody's hardship is invented."""


@pytest.mark.parametrize("now", [datetime(2026, 11, 20, 6, tzinfo=UTC), datetime(2027, 1, 3, 2, tzinfo=UTC), datetime(2028, 2, 29, 6, tzinfo=UTC)], ids=lambda d: f"{d:%m-%d}")
def test_third_place_becomes_a_certificate_a_claim_a_payment_and_a_figure(tmp_path: Path, now: datetime) -> None:
    office = setup.create_practice(tmp_path / "p")
    office.clock = lambda: now
    practice_story.tell(office)
    with office.reading() as session:
        claim = session.scalars(select(SubsidyApplication)).one()
        certificate = session.scalars(select(Certificate).where(Certificate.id == claim.certificate)).one()
        entry = session.scalars(select(Entry).where(Entry.id == certificate.entry)).one()
        paid = session.scalars(select(LedgerEntry).where(LedgerEntry.claim == claim.id)).one()
        assert (entry.rank, entry.outcome, certificate.skill_level, claim.state, paid.paid) == (3, "晋级取证", "三级/高级工", "批准", claim.approved_amount)
        assert len(related.prints(session, claim.id)) == 1
        report = figures.report(session.connection(), Year.calendar(now.astimezone().year), hidden=office.hidden)
        assert report.of("approved") == 1 and report.of("paid") == claim.approved_amount and report.of("entries") >= 6
        for register in REGISTERS:
            if register.__tablename__ not in EMPTY:
                assert session.scalar(select(func.count()).select_from(register)), register.label
    assert making.judge_again(office, claim.id).may_claim
    office.vault.close()
