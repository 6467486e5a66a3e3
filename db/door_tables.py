"""What a lecture's doors keep: every scan as it was, the doors that were sent out, what was decided about walk-ins; and photos.

A scan is written once and never changed: the sign-ins of the register follow from all scans together
(`app.services.checkin.settle`), so that doors can be merged in any order.
"""

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.record import Base


class DoorScan(Base):
    """One thing that happened at a door: a scan and its answer, a walk-in, or something taken back."""

    __tablename__ = "door_scan"
    seq: Mapped[int] = mapped_column(primary_key=True)
    """The order in which this file heard of it."""
    id: Mapped[str] = mapped_column(String(36))
    """The scan's name at every place it is brought to."""
    door_pc: Mapped[str] = mapped_column(String(36))
    """The file it was first written in: the office's, or that of a door sent out."""
    lecture: Mapped[str] = mapped_column(String(36))
    session: Mapped[str | None] = mapped_column(String(36))
    door: Mapped[str] = mapped_column(String(100))
    at: Mapped[str] = mapped_column(String(32))
    """The door's own time in UTC; it never runs backwards within one file."""
    answer: Mapped[str] = mapped_column(String(20))
    """An `Answer`'s value, or taken-back."""
    person: Mapped[str | None] = mapped_column(String(36))
    """A member's id, or that of the line of the list for a guest."""
    full_name: Mapped[str | None] = mapped_column(String(100))
    unit: Mapped[str | None] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    typed: Mapped[str | None] = mapped_column(String(100))
    """What was read of somebody who was not admitted; of long numbers only the end."""
    note: Mapped[str | None] = mapped_column(String(200))
    """Why somebody was let in all the same."""
    takes_back: Mapped[str | None] = mapped_column(String(36))
    """The scan that this one takes back."""


class SettledScan(Base):
    """Which sign-in a scan led to."""

    __tablename__ = "settled_scan"
    scan: Mapped[str] = mapped_column(String(36), primary_key=True)
    sign_in: Mapped[str] = mapped_column(String(36), index=True)
    act: Mapped[str] = mapped_column(String(36))
    """The act with which the scan first came into the register: undoing it takes this scan out, and no other."""
    undone: Mapped[bool] = mapped_column(default=False)
    """Whether that act is undone."""


class DoorPc(Base):
    """A door that was sent out on a stick."""

    __tablename__ = "door_pc"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lecture: Mapped[str] = mapped_column(String(36), index=True)
    session: Mapped[str | None] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(100))
    signing_key: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[str] = mapped_column(String(32))
    brought_at: Mapped[str | None] = mapped_column(String(32))
    brought: Mapped[int] = mapped_column(default=0)
    """How many of its scans are here."""
    minutes_off: Mapped[int] = mapped_column(default=0)
    """How far its clock was ahead of the office's, as the clerk said."""


class WalkInDecision(Base):
    """A person's word on whether two who walked in, or one and a member, are the same. `one` is the lower name."""

    __tablename__ = "walk_in_decision"
    one: Mapped[str] = mapped_column(String(40), primary_key=True)
    other: Mapped[str] = mapped_column(String(40), primary_key=True)
    same: Mapped[bool]


class LecturePhoto(Base):
    """A picture of a lecture, scaled down, without what the camera knew of the place."""

    __tablename__ = "lecture_photo"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lecture: Mapped[str] = mapped_column(String(36), index=True)
    caption: Mapped[str] = mapped_column(Text)
    added_at: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """JPEG."""


class SignInTray(Base):
    """A row of somebody else's sign-in list that waits for a person to say who it is."""

    __tablename__ = "sign_in_tray"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lecture: Mapped[str] = mapped_column(String(36), index=True)
    session: Mapped[str | None] = mapped_column(String(36))
    file_name: Mapped[str] = mapped_column(String(200))
    row: Mapped[int]
    cells: Mapped[str] = mapped_column(Text)
    """JSON: what the row says, by field; signed_at in written form."""
    said: Mapped[str | None] = mapped_column(String(36))
    """A member's id, guest or drop, once a person has said; then it waits no more."""
    act: Mapped[str | None] = mapped_column(String(40))
    """The act that followed; with a minus before it while it is undone, and the row waits again."""
