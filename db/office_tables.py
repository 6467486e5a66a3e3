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
    """The id of the district it went to: another district has heard nothing of ours."""
    against: Mapped[int | None]
    """The answer that it reconciles with, where it does."""
    purposes: Mapped[str] = mapped_column(Text, server_default="[]")
    """JSON: the ids of the purposes it was made for, and the day their policy began."""


class Answer(Base):
    """A district's answer that was read. The latest one of a district says how far it has heard us."""

    __tablename__ = "answer"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    district: Mapped[str] = mapped_column(String(36))
    """The id in the district's key file."""
    series: Mapped[int]
    last: Mapped[int]
    """The highest series of ours that it has merged."""
    reached: Mapped[int]
    """The journal row it has heard of; of another history than ours when not `is_ours`."""
    is_ours: Mapped[bool]
    """Whether the package it answers was made on this copy of the data."""
    differs: Mapped[str] = mapped_column(Text)
    """JSON: registers of which it holds something else than we do; what it holds is in `holding`."""
    receipt: Mapped[str] = mapped_column(Text)
    outcomes: Mapped[str] = mapped_column(Text)
    read_at: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(40))
    """The act that took it in; with a minus before it while that is undone, and then it counts for nothing."""


class Holding(Base):
    """What the district holds of the registers that differ, as its last answer says: a hash for each record."""

    __tablename__ = "holding"
    register: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    answer: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AppliedDecision(Base):
    """A decision that was applied: it is repeated until the district knows we have it, and must not be applied twice."""

    __tablename__ = "applied_decision"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    act: Mapped[str] = mapped_column(String(40))
    """As in `answer`."""


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


class RecordFile(Base):
    """A scan, photograph or paper that belongs to a record. Stays in the vault; travels only where a purpose carries attachments."""

    __tablename__ = "record_file"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    register: Mapped[str] = mapped_column(String(40))
    record_id: Mapped[str] = mapped_column(String(36), index=True)
    role: Mapped[str] = mapped_column(String(40))
    """What it is: 照片, 扫描件, 附件."""
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[str] = mapped_column(String(32))
    body: Mapped[bytes]


class Printed(Base):
    """One print job: which form for which records, by whom; the digest is that of the PDF that was shown and printed."""

    __tablename__ = "printed"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[str] = mapped_column(String(32))
    who: Mapped[str] = mapped_column(String(100))
    form: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    register: Mapped[str] = mapped_column(String(40))
    records: Mapped[str] = mapped_column(Text())
    """Ids of the records, as a JSON list."""
    copies: Mapped[int]
    pages: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
