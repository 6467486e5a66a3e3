"""The registers, by programme in menu order. Adding one is a class in this folder and its name in a programme here."""

from dataclasses import dataclass

from db.record import Record
from db.registers.association import TechMember, TechService, TechUnit
from db.registers.certificates import Certificate
from db.registers.claims import SubsidyApplication
from db.registers.competitions import Competition, CompetitionRound, CompetitionTrade, Entry, SafetyCupScore, SafetyCupUnit, Score, Team
from db.registers.district import DistrictItem
from db.registers.funds import BudgetLine, LedgerEntry
from db.registers.hardship import Assistance, FamilyMember, HardshipCase, WomenActivity
from db.registers.honours import Honour, HonourUpdate, Nomination
from db.registers.innovation import Patent, Project, Proposal, Result, Studio, StudioMember, StudioReview
from db.registers.lectures import Lecture, LectureSession, Registration, SignIn
from db.registers.members import Member
from db.registers.membership import MembershipEvent
from db.registers.training import Enrolment, Training
from db.registers.union import Union
from db.registers.units import Employer, Officer, UnionGroup


@dataclass(frozen=True)
class Programme:
    """One line of the menu: registers that belong together, the chief one first."""

    title: str
    registers: tuple[type[Record], ...]

    @property
    def chief(self) -> type[Record]:
        return self.registers[0]


PROGRAMMES: tuple[Programme, ...] = (
    Programme("会员名册", (Member, MembershipEvent)),
    Programme("公益大讲堂", (Lecture, LectureSession, Registration, SignIn)),
    Programme("技能竞赛", (Competition, CompetitionTrade, CompetitionRound, Team, Entry, Score, SafetyCupUnit, SafetyCupScore)),
    Programme("技能培训", (Training, Enrolment)),
    Programme("证书", (Certificate,)),
    Programme("补贴和助推", (SubsidyApplication,)),
    Programme("职工创新", (Studio, StudioMember, StudioReview, Project, Result, Patent, Proposal)),
    Programme("职工技协", (TechMember, TechUnit, TechService)),
    Programme("荣誉", (Honour, Nomination, HonourUpdate)),
    Programme("帮扶和女职工", (HardshipCase, FamilyMember, Assistance, WomenActivity)),
    Programme("经费", (LedgerEntry, BudgetLine)),
    Programme("本工会", (Union, UnionGroup, Employer, Officer)),
)

REGISTERS: tuple[type[Record], ...] = tuple(register for programme in PROGRAMMES for register in programme.registers)

NOT_OURS: tuple[type[Record], ...] = (DistrictItem,)
"""What the district's answers put here. In the journal, so that it can be taken back; in no menu, and in no package."""


def register_named(name: str) -> type[Record]:
    """KeyError where there is none of that name."""
    return {register.__tablename__: register for register in (*REGISTERS, *NOT_OURS)}[name]


__all__ = [
    "NOT_OURS", "PROGRAMMES", "REGISTERS", "Assistance", "BudgetLine", "Certificate", "Competition", "CompetitionRound", "CompetitionTrade", "DistrictItem", "Employer", "Enrolment", "Entry",
    "FamilyMember", "HardshipCase", "Honour", "HonourUpdate", "LedgerEntry", "Lecture", "LectureSession", "Member", "MembershipEvent", "Nomination", "Officer", "Patent", "Programme", "Project",
    "Proposal", "Record", "Registration", "Result", "SafetyCupScore", "SafetyCupUnit", "Score", "SignIn", "Studio", "StudioMember", "StudioReview", "SubsidyApplication", "Team", "TechMember", "TechService", "TechUnit",
    "Training", "Union", "UnionGroup", "WomenActivity", "register_named",
]
