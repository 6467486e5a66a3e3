"""The first eight registers, the journal with its guards, the search indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCHED = ('member', 'lecture', 'sign_in', 'competition', 'entry', 'certificate', 'subsidy_application', 'grassroots_union')
SEARCH = (
    "CREATE VIRTUAL TABLE search_{} USING fts5(tokens, content='', contentless_delete=1, detail=none, "
    "tokenize=\"unicode61 remove_diacritics 0 tokenchars '·-'\")"
)
GUARDS = (
    "CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_keeps_words BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
)


def upgrade() -> None:
    op.create_table('applied_receipt',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('series', sa.Integer(), nullable=False),
    sa.Column('applied_at', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('certificate',
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('occupation', sa.String(length=200), nullable=True),
    sa.Column('skill_level', sa.String(length=60), nullable=True),
    sa.Column('certificate_no', sa.String(length=60), nullable=True),
    sa.Column('issuing_body', sa.String(length=200), nullable=True),
    sa.Column('issued_on', sa.String(length=60), nullable=True),
    sa.Column('valid_to', sa.String(length=60), nullable=True),
    sa.Column('is_verified', sa.Boolean(), nullable=True),
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
    with op.batch_alter_table('certificate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_certificate_no'), ['certificate_no'], unique=False)
        batch_op.create_index(batch_op.f('ix_certificate_member'), ['member'], unique=False)

    op.create_table('competition',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('competition_class', sa.String(length=60), nullable=True),
    sa.Column('organizer_unit', sa.String(length=200), nullable=True),
    sa.Column('trades', sa.String(length=200), nullable=True),
    sa.Column('entry_deadline', sa.String(length=60), nullable=True),
    sa.Column('starts_on', sa.String(length=60), nullable=True),
    sa.Column('ends_on', sa.String(length=60), nullable=True),
    sa.Column('place', sa.String(length=200), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    op.create_table('entry',
    sa.Column('competition', sa.String(length=36), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('trade', sa.String(length=200), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('theory_score', sa.Integer(), nullable=True),
    sa.Column('practical_score', sa.Integer(), nullable=True),
    sa.Column('rank', sa.Integer(), nullable=True),
    sa.Column('entered_on', sa.String(length=60), nullable=True),
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
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_entry_competition'), ['competition'], unique=False)
        batch_op.create_index(batch_op.f('ix_entry_member'), ['member'], unique=False)
        batch_op.create_index('one_entry', ['competition', 'member', 'trade'], unique=True, sqlite_where=sa.text('removed_at IS NULL'))

    op.create_table('grassroots_union',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('uscc', sa.String(length=18), nullable=True),
    sa.Column('stat_code', sa.String(length=60), nullable=True),
    sa.Column('upper_union', sa.String(length=60), nullable=True),
    sa.Column('union_kind', sa.String(length=60), nullable=True),
    sa.Column('founded_on', sa.String(length=60), nullable=True),
    sa.Column('chair', sa.String(length=200), nullable=True),
    sa.Column('contact', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=40), nullable=True),
    sa.Column('employer_name', sa.String(length=200), nullable=True),
    sa.Column('employer_uscc', sa.String(length=18), nullable=True),
    sa.Column('address', sa.String(length=200), nullable=True),
    sa.Column('unit_nature', sa.String(length=60), nullable=True),
    sa.Column('employee_count', sa.Integer(), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    op.create_table('journal',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=36), nullable=False),
    sa.Column('deed', sa.String(length=10), nullable=False),
    sa.Column('register', sa.String(length=40), nullable=False),
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('changes', sa.Text(), nullable=False),
    sa.Column('at', sa.String(length=32), nullable=False),
    sa.Column('who', sa.String(length=100), nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('seq')
    )
    with op.batch_alter_table('journal', schema=None) as batch_op:
        batch_op.create_index('journal_heading', ['act'], unique=False, sqlite_where=sa.text("deed = 'act'"))
        batch_op.create_index('journal_record', ['register', 'record_id'], unique=False)

    op.create_table('lecture',
    sa.Column('topic', sa.String(length=200), nullable=True),
    sa.Column('theme', sa.String(length=60), nullable=True),
    sa.Column('form', sa.String(length=60), nullable=True),
    sa.Column('starts_at', sa.String(length=32), nullable=True),
    sa.Column('place', sa.String(length=200), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('planned_count', sa.Integer(), nullable=True),
    sa.Column('speaker', sa.String(length=200), nullable=True),
    sa.Column('speaker_unit', sa.String(length=200), nullable=True),
    sa.Column('organizer_unit', sa.String(length=200), nullable=True),
    sa.Column('walk_ins_allowed', sa.Boolean(), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('summary', sa.Text(), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    with op.batch_alter_table('lecture', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lecture_starts_at'), ['starts_at'], unique=False)

    op.create_table('member',
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('gender', sa.String(length=60), nullable=True),
    sa.Column('id_number', sa.String(length=30), nullable=True),
    sa.Column('id_type', sa.String(length=60), nullable=True),
    sa.Column('birth_date', sa.String(length=60), nullable=True),
    sa.Column('ethnicity', sa.String(length=60), nullable=True),
    sa.Column('education', sa.String(length=60), nullable=True),
    sa.Column('political_status', sa.String(length=60), nullable=True),
    sa.Column('mobile', sa.String(length=40), nullable=True),
    sa.Column('landline', sa.String(length=40), nullable=True),
    sa.Column('department', sa.String(length=200), nullable=True),
    sa.Column('post', sa.String(length=200), nullable=True),
    sa.Column('employee_no', sa.String(length=60), nullable=True),
    sa.Column('member_card_no', sa.String(length=60), nullable=True),
    sa.Column('joined_on', sa.String(length=60), nullable=True),
    sa.Column('employment_status', sa.String(length=60), nullable=True),
    sa.Column('employment_form', sa.String(length=60), nullable=True),
    sa.Column('skill_level', sa.String(length=60), nullable=True),
    sa.Column('household_type', sa.String(length=60), nullable=True),
    sa.Column('household_place', sa.String(length=200), nullable=True),
    sa.Column('native_place', sa.String(length=200), nullable=True),
    sa.Column('is_migrant_worker', sa.Boolean(), nullable=True),
    sa.Column('employer_name', sa.String(length=200), nullable=True),
    sa.Column('membership_event', sa.String(length=60), nullable=True),
    sa.Column('membership_event_date', sa.String(length=60), nullable=True),
    sa.Column('membership_event_reason', sa.String(length=60), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('rowno', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=36), nullable=False),
    sa.Column('changed_at', sa.String(length=32), nullable=False),
    sa.Column('removed_at', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('rowno'),
    sa.UniqueConstraint('id')
    )
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_department'), ['department'], unique=False)
        batch_op.create_index(batch_op.f('ix_member_employee_no'), ['employee_no'], unique=False)
        batch_op.create_index(batch_op.f('ix_member_full_name'), ['full_name'], unique=False)
        batch_op.create_index(batch_op.f('ix_member_id_number'), ['id_number'], unique=False)
        batch_op.create_index(batch_op.f('ix_member_member_card_no'), ['member_card_no'], unique=False)
        batch_op.create_index(batch_op.f('ix_member_mobile'), ['mobile'], unique=False)

    op.create_table('sent_package',
    sa.Column('series', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('up_to_seq', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.String(length=32), nullable=False),
    sa.Column('counts', sa.Text(), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('addressee', sa.String(length=40), nullable=False),
    sa.Column('acknowledged_at', sa.String(length=32), nullable=True),
    sa.Column('receipt', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('series')
    )
    op.create_table('setting',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('sign_in',
    sa.Column('lecture', sa.String(length=36), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('mobile', sa.String(length=40), nullable=True),
    sa.Column('signed_at', sa.String(length=32), nullable=True),
    sa.Column('way', sa.String(length=60), nullable=True),
    sa.Column('door', sa.String(length=200), nullable=True),
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
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_lecture'), ['lecture'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_member'), ['member'], unique=False)
        batch_op.create_index('one_sign_in', ['lecture', 'member'], unique=True, sqlite_where=sa.text('removed_at IS NULL AND member IS NOT NULL'))

    op.create_table('subsidy_application',
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('certificate', sa.String(length=36), nullable=True),
    sa.Column('policy', sa.String(length=60), nullable=True),
    sa.Column('applied_on', sa.String(length=60), nullable=True),
    sa.Column('amount', sa.Integer(), nullable=True),
    sa.Column('training_body', sa.String(length=200), nullable=True),
    sa.Column('class_hours', sa.Integer(), nullable=True),
    sa.Column('training_fee', sa.Integer(), nullable=True),
    sa.Column('bank_name', sa.String(length=200), nullable=True),
    sa.Column('account_name', sa.String(length=100), nullable=True),
    sa.Column('account_no', sa.String(length=30), nullable=True),
    sa.Column('has_other_claim', sa.Boolean(), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('form_no', sa.String(length=60), nullable=True),
    sa.Column('approved_amount', sa.Integer(), nullable=True),
    sa.Column('decision', sa.Text(), nullable=True),
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
    with op.batch_alter_table('subsidy_application', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subsidy_application_certificate'), ['certificate'], unique=False)
        batch_op.create_index(batch_op.f('ix_subsidy_application_member'), ['member'], unique=False)
    for table in SEARCHED:
        op.execute(SEARCH.format(table))
    for guard in GUARDS:
        op.execute(guard)
