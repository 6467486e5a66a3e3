"""Packages both ways: answers that were read, what the district holds, decisions applied, what it sends down."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SEARCH = (
    "CREATE VIRTUAL TABLE search_district_item USING fts5(tokens, content='', contentless_delete=1, detail=none, "
    "tokenize=\"unicode61 remove_diacritics 0 tokenchars '·-'\")"
)


def upgrade() -> None:
    op.create_table('answer',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('district', sa.String(length=36), nullable=False),
    sa.Column('series', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.Column('reached', sa.Integer(), nullable=False),
    sa.Column('is_ours', sa.Boolean(), nullable=False),
    sa.Column('differs', sa.Text(), nullable=False),
    sa.Column('receipt', sa.Text(), nullable=False),
    sa.Column('outcomes', sa.Text(), nullable=False),
    sa.Column('read_at', sa.String(length=32), nullable=False),
    sa.Column('act', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('applied_decision',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('act', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('holding',
    sa.Column('register', sa.String(length=40), nullable=False),
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('answer', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('register', 'record_id')
    )
    op.create_table('district_item',
    sa.Column('kind', sa.String(length=200), nullable=True),
    sa.Column('key', sa.String(length=200), nullable=True),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    op.create_index('one_district_item', 'district_item', ['kind', 'key'], unique=True, sqlite_where=sa.text('removed_at IS NULL'))
    op.execute(SEARCH)
    # Receipts of the first form of the package are forgotten: everything is reported once more, which changes nothing at the district.
    # The old key file had no id; the district gives out new ones.
    op.drop_table('applied_receipt')
    op.execute("DELETE FROM setting WHERE name = 'district_key'")
    with op.batch_alter_table('sent_package', schema=None) as batch_op:
        batch_op.add_column(sa.Column('against', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('purposes', sa.Text(), nullable=False, server_default='[]'))
        batch_op.drop_column('acknowledged_at')
        batch_op.drop_column('receipt')
