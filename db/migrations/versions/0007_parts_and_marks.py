"""Which part of a grant a booking is, who is helped and where to it is paid, the marks of the safety cup's sheet."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MORE: dict[str, tuple[tuple[str, sa.types.TypeEngine[Any]], ...]] = {
    "assistance": (("family_member", sa.String(length=36)), ("applied_amount", sa.Integer()), ("grade", sa.String(length=200)), ("bank_name", sa.String(length=200)), ("account_name", sa.String(length=100)), ("account_no", sa.String(length=30)),),
    "ledger_entry": (("part", sa.Integer()),),
    "studio_review": (("leader", sa.String(length=36)), ("level", sa.String(length=60)),),
}


def upgrade() -> None:
    for table, columns in MORE.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index("ix_assistance_family_member", "assistance", ["family_member"])
    op.create_index("ix_studio_review_leader", "studio_review", ["leader"])
    for part, word in enumerate(("首款", "尾款"), 1):
        op.execute(sa.text("UPDATE ledger_entry SET part = :part WHERE claim IS NOT NULL AND paid IS NOT NULL AND instr(summary, :word) > 0").bindparams(part=part, word=f"{word} "))
    op.create_table(
        "safety_cup_score",
        sa.Column("safety_cup_unit", sa.String(length=36), nullable=True), sa.Column("item", sa.String(length=60), nullable=True), sa.Column("self_score", sa.Integer(), nullable=True), sa.Column("review_score", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True), sa.Column("rowno", sa.Integer(), nullable=False), sa.Column("id", sa.String(length=36), nullable=False), sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=36), nullable=False), sa.Column("changed_at", sa.String(length=32), nullable=False), sa.Column("removed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("rowno"), sa.UniqueConstraint("id"),
    )
    op.create_index("ix_safety_cup_score_safety_cup_unit", "safety_cup_score", ["safety_cup_unit"])
    op.create_index("one_safety_cup_score", "safety_cup_score", ["safety_cup_unit", "item"], unique=True, sqlite_where=sa.text("removed_at IS NULL"))
    op.execute(
        "CREATE VIRTUAL TABLE search_safety_cup_score USING fts5(tokens, content='', contentless_delete=1, detail=none, "
        "tokenize=\"unicode61 remove_diacritics 0 tokenchars '·-'\")"
    )
