"""The office's own small tables besides the registers and the journal."""

from sqlalchemy import String, Text
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
