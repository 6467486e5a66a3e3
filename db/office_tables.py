"""The office's own small tables besides the registers and the journal."""

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.record import Base


class Setting(Base):
    """One remembered thing of this office: column widths, the district's key, the next form number."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class SentPackage(Base):
    """A package that left the office, and what the district said of it."""

    __tablename__ = "sent_package"
    series: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))
    up_to_seq: Mapped[int]
    """The last journal row that the package covers."""
    made_at: Mapped[str] = mapped_column(String(32))
    counts: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(String(200))
    addressee: Mapped[str] = mapped_column(String(40))
    """Fingerprint of the district it went to: another district has confirmed nothing of ours."""
    acknowledged_at: Mapped[str | None] = mapped_column(String(32))
    receipt: Mapped[str | None] = mapped_column(Text)


class AppliedReceipt(Base):
    """A district package that was taken in, so that taking it in again changes nothing."""

    __tablename__ = "applied_receipt"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    series: Mapped[int]
    applied_at: Mapped[str] = mapped_column(String(32))


class RosterBatch(Base):
    """A workbook that was opened: its cells as read, and what was decided about them. Everything else is worked out anew.

    It stands here from the moment it is read, through a restart, until it is dropped; committed ones are the ledger.
    """

    __tablename__ = "roster_batch"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    opened_at: Mapped[str] = mapped_column(String(32))
    opened_by: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    """open, waiting (some rows went in, some wait), done, dropped."""
    cells: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The sheets as MessagePack under zstd; None when the clerk cleared them."""
    options: Mapped[str] = mapped_column(Text)
    """JSON: mode, columns whose blanks wipe, columns set by hand, the saved form that was recognised."""
    counts: Mapped[str] = mapped_column(Text)
    acts: Mapped[str] = mapped_column(Text)
    """JSON: the acts that took rows of it in, oldest first."""


class RosterDecision(Base):
    """What the clerk decided about one row of a batch."""

    __tablename__ = "roster_decision"
    batch: Mapped[str] = mapped_column(String(36), primary_key=True)
    row_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    decision: Mapped[str] = mapped_column(Text)
    """JSON: mended cells, fields to leave, which person it is, taken with doubts, in already."""


class RosterForm(Base):
    """A shape of workbook that was explained once: which header is which field."""

    __tablename__ = "roster_form"
    shape: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    headers: Mapped[str] = mapped_column(Text)
    """JSON: the headers in order."""
    columns: Mapped[str] = mapped_column(Text)
    """JSON: place -> field."""
    used_at: Mapped[str] = mapped_column(String(32))


class NotSame(Base):
    """Two members who look alike and are not: nobody is asked again. `one` is the lower id."""

    __tablename__ = "not_same"
    one: Mapped[str] = mapped_column(String(36), primary_key=True)
    other: Mapped[str] = mapped_column(String(36), primary_key=True)


class MergedAway(Base):
    """Where a record went that was merged into another: its old id leads there."""

    __tablename__ = "merged_away"
    old_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    register: Mapped[str] = mapped_column(String(40))
    into_id: Mapped[str] = mapped_column(String(36), index=True)


class BlankForm(Base):
    """A clerk's own blank workbook, and which of its columns is which field; it is filled in place."""

    __tablename__ = "blank_form"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(200))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sheet: Mapped[str] = mapped_column(String(100))
    first_row: Mapped[int]
    columns: Mapped[str] = mapped_column(Text)
    """JSON: place -> field, or row_no."""
