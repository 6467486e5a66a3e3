"""Lectures with sessions, lists, costs and photos; the doors with every scan they had."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEARCHED = ("lecture_session", "registration")
SEARCH = (
    "CREATE VIRTUAL TABLE search_{} USING fts5(tokens, content='', contentless_delete=1, detail=none, "
    "tokenize=\"unicode61 remove_diacritics 0 tokenchars '·-'\")"
)
ONE_SIGN_IN = "removed_at IS NULL AND member IS NOT NULL AND session IS NULL"


def upgrade() -> None:
    op.create_table('door_pc',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('lecture', sa.String(length=36), nullable=False),
    sa.Column('session', sa.String(length=36), nullable=True),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('signing_key', sa.String(length=64), nullable=False),
    sa.Column('recipient', sa.String(length=100), nullable=False),
    sa.Column('made_at', sa.String(length=32), nullable=False),
    sa.Column('brought_at', sa.String(length=32), nullable=True),
    sa.Column('brought', sa.Integer(), nullable=False),
    sa.Column('minutes_off', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('door_pc', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_door_pc_lecture'), ['lecture'], unique=False)

    op.create_table('door_scan',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('door_pc', sa.String(length=36), nullable=False),
    sa.Column('lecture', sa.String(length=36), nullable=False),
    sa.Column('session', sa.String(length=36), nullable=True),
    sa.Column('door', sa.String(length=100), nullable=False),
    sa.Column('at', sa.String(length=32), nullable=False),
    sa.Column('answer', sa.String(length=20), nullable=False),
    sa.Column('person', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('mobile', sa.String(length=40), nullable=True),
    sa.Column('typed', sa.String(length=100), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    sa.Column('takes_back', sa.String(length=36), nullable=True),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_table('lecture_photo',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('lecture', sa.String(length=36), nullable=False),
    sa.Column('caption', sa.Text(), nullable=False),
    sa.Column('added_at', sa.String(length=32), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('lecture_photo', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lecture_photo_lecture'), ['lecture'], unique=False)

    op.create_table('lecture_session',
    sa.Column('lecture', sa.String(length=36), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('starts_at', sa.String(length=32), nullable=True),
    sa.Column('hall', sa.String(length=200), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    with op.batch_alter_table('lecture_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lecture_session_lecture'), ['lecture'], unique=False)

    op.create_table('registration',
    sa.Column('lecture', sa.String(length=36), nullable=True),
    sa.Column('session', sa.String(length=36), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('mobile', sa.String(length=40), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registration_lecture'), ['lecture'], unique=False)
        batch_op.create_index(batch_op.f('ix_registration_member'), ['member'], unique=False)
        batch_op.create_index(batch_op.f('ix_registration_session'), ['session'], unique=False)
        batch_op.create_index('one_registration', ['lecture', 'member'], unique=True, sqlite_where=sa.text('removed_at IS NULL AND member IS NOT NULL'))

    op.create_table('settled_scan',
    sa.Column('scan', sa.String(length=36), nullable=False),
    sa.Column('sign_in', sa.String(length=36), nullable=False),
    sa.Column('act', sa.String(length=36), nullable=False),
    sa.Column('undone', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('scan')
    )
    with op.batch_alter_table('settled_scan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_settled_scan_sign_in'), ['sign_in'], unique=False)

    op.create_table('sign_in_tray',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('lecture', sa.String(length=36), nullable=False),
    sa.Column('session', sa.String(length=36), nullable=True),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('cells', sa.Text(), nullable=False),
    sa.Column('said', sa.String(length=36), nullable=True),
    sa.Column('act', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('sign_in_tray', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_tray_lecture'), ['lecture'], unique=False)

    op.create_table('walk_in_decision',
    sa.Column('one', sa.String(length=40), nullable=False),
    sa.Column('other', sa.String(length=40), nullable=False),
    sa.Column('same', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('one', 'other')
    )
    with op.batch_alter_table('lecture', schema=None) as batch_op:
        batch_op.add_column(sa.Column('speaker_bio', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('co_organizer', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('contact', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('contact_phone', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('expected_women', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('expected_migrants', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('speaker_fee', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('venue_fee', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('material_fee', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('speaker_paid', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('venue_paid', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('material_paid', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('safety_plan', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('very_satisfied', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('satisfied', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('fairly_satisfied', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('not_satisfied', sa.Integer(), nullable=True))

    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.add_column(sa.Column('session', sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f('ix_sign_in_session'), ['session'], unique=False)
        batch_op.create_index('one_sign_in_a_session', ['session', 'member'], unique=True, sqlite_where=sa.text('removed_at IS NULL AND member IS NOT NULL AND session IS NOT NULL'))
        batch_op.drop_index("one_sign_in")
        batch_op.create_index("one_sign_in", ["lecture", "member"], unique=True, sqlite_where=sa.text(ONE_SIGN_IN))

    for table in SEARCHED:
        op.execute(SEARCH.format(table))
