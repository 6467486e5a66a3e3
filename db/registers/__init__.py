"""The registers, in menu order. Adding one is a class in this folder and a line here."""

from db.record import Record
from db.registers.certificates import Certificate, SubsidyApplication
from db.registers.competitions import Competition, Entry
from db.registers.district import DistrictItem
from db.registers.lectures import Lecture, LectureSession, Registration, SignIn
from db.registers.members import Member
from db.registers.membership import MembershipEvent
from db.registers.union import Union

REGISTERS: tuple[type[Record], ...] = (Member, MembershipEvent, Lecture, LectureSession, Registration, SignIn, Competition, Entry, Certificate, SubsidyApplication, Union)

NOT_OURS: tuple[type[Record], ...] = (DistrictItem,)
"""What the district's answers put here. In the journal, so that it can be taken back; in no menu, and in no package."""


def register_named(name: str) -> type[Record]:
    """KeyError where there is none of that name."""
    return {register.__tablename__: register for register in (*REGISTERS, *NOT_OURS)}[name]


__all__ = ["NOT_OURS", "REGISTERS", "Certificate", "Competition", "DistrictItem", "Entry", "Lecture", "LectureSession", "Member", "MembershipEvent", "Record", "Registration", "SignIn", "SubsidyApplication", "Union", "register_named"]
