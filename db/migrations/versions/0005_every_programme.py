"""Every programme of the 2015 scheme: competitions with rounds and scores, training, innovation, honours, support, funds, units; files and print jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SEARCHED = (
    "competition_trade", "competition_round", "competition_team", "score", "safety_cup_unit", "training", "enrolment", "innovation_studio", "studio_member", "studio_review", "innovation_project", "innovation_result", "patent", "improvement_proposal", "tech_member", "tech_unit", "tech_service", "honour", "nomination", "honour_update", "hardship_case", "family_member", "assistance", "women_activity", "ledger_entry", "budget_line", "union_group", "employer", "union_officer",
)
SEARCH = (
    "CREATE VIRTUAL TABLE search_{} USING fts5(tokens, content='', contentless_delete=1, detail=none, "
    "tokenize=\"unicode61 remove_diacritics 0 tokenchars '·-'\")"
)


def _of_every_record() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("rowno", sa.Integer(), nullable=False), sa.Column("id", sa.String(length=36), nullable=False), sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=36), nullable=False), sa.Column("changed_at", sa.String(length=32), nullable=False), sa.Column("removed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("rowno"), sa.UniqueConstraint("id"),
    )


def upgrade() -> None:
    op.create_table('assistance',
    sa.Column('hardship_case', sa.String(length=36), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('given_on', sa.String(length=60), nullable=True),
    sa.Column('amount', sa.Integer(), nullable=True),
    sa.Column('source', sa.String(length=60), nullable=True),
    sa.Column('illness', sa.String(length=200), nullable=True),
    sa.Column('own_cost', sa.Integer(), nullable=True),
    sa.Column('school', sa.String(length=200), nullable=True),
    sa.Column('tuition', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_assistance_hardship_case'), 'assistance', ['hardship_case'], unique=False)
    op.create_table('budget_line',
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('programme', sa.String(length=60), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('source', sa.String(length=60), nullable=True),
    sa.Column('amount', sa.Integer(), nullable=True),
    sa.Column('earmark', sa.String(length=60), nullable=True),
    sa.Column('document_no', sa.String(length=200), nullable=True),
    sa.Column('explanation', sa.Text(), nullable=True),
    sa.Column('balance_use', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_table('competition_round',
    sa.Column('competition', sa.String(length=36), nullable=True),
    sa.Column('name', sa.String(length=60), nullable=True),
    sa.Column('trade', sa.String(length=200), nullable=True),
    sa.Column('starts_on', sa.String(length=60), nullable=True),
    sa.Column('place', sa.String(length=200), nullable=True),
    sa.Column('theory_weight', sa.Integer(), nullable=True),
    sa.Column('weight', sa.Integer(), nullable=True),
    sa.Column('advance', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_competition_round_competition'), 'competition_round', ['competition'], unique=False)
    op.create_table('competition_team',
    sa.Column('competition', sa.String(length=36), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('leader', sa.String(length=200), nullable=True),
    sa.Column('leader_phone', sa.String(length=40), nullable=True),
    sa.Column('coach', sa.String(length=200), nullable=True),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('rank', sa.Integer(), nullable=True),
    sa.Column('award', sa.String(length=60), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_competition_team_competition'), 'competition_team', ['competition'], unique=False)
    op.create_table('competition_trade',
    sa.Column('competition', sa.String(length=36), nullable=True),
    sa.Column('trade', sa.String(length=200), nullable=True),
    sa.Column('occupation_code', sa.String(length=10), nullable=True),
    sa.Column('occupation_edition', sa.String(length=60), nullable=True),
    sa.Column('lowest_level', sa.String(length=60), nullable=True),
    sa.Column('pass_score', sa.Integer(), nullable=True),
    sa.Column('pass_level', sa.String(length=60), nullable=True),
    sa.Column('promotion_ranks', sa.Integer(), nullable=True),
    sa.Column('promotion_level', sa.String(length=60), nullable=True),
    sa.Column('source', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_competition_trade_competition'), 'competition_trade', ['competition'], unique=False)
    op.create_index('one_trade', 'competition_trade', ['competition', 'trade'], unique=True, sqlite_where=sa.text('removed_at IS NULL'))
    op.create_table('employer',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('uscc', sa.String(length=18), nullable=True),
    sa.Column('address', sa.String(length=200), nullable=True),
    sa.Column('unit_nature', sa.String(length=60), nullable=True),
    sa.Column('economic_kind', sa.String(length=60), nullable=True),
    sa.Column('industry', sa.String(length=60), nullable=True),
    sa.Column('employee_count', sa.Integer(), nullable=True),
    sa.Column('contact', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=40), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_employer_uscc'), 'employer', ['uscc'], unique=False)
    op.create_table('enrolment',
    sa.Column('training', sa.String(length=36), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('enrolled_on', sa.String(length=60), nullable=True),
    sa.Column('hours_attended', sa.Integer(), nullable=True),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('result', sa.String(length=60), nullable=True),
    sa.Column('completion_no', sa.String(length=200), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_enrolment_member'), 'enrolment', ['member'], unique=False)
    op.create_index(op.f('ix_enrolment_training'), 'enrolment', ['training'], unique=False)
    op.create_index('one_enrolment', 'enrolment', ['training', 'member'], unique=True, sqlite_where=sa.text('removed_at IS NULL AND member IS NOT NULL'))
    op.create_table('family_member',
    sa.Column('hardship_case', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('relation', sa.String(length=60), nullable=True),
    sa.Column('gender', sa.String(length=60), nullable=True),
    sa.Column('id_number', sa.String(length=30), nullable=True),
    sa.Column('birth_date', sa.String(length=60), nullable=True),
    sa.Column('health', sa.String(length=60), nullable=True),
    sa.Column('medical_insurance', sa.String(length=200), nullable=True),
    sa.Column('monthly_income', sa.Integer(), nullable=True),
    sa.Column('identity', sa.String(length=200), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_family_member_hardship_case'), 'family_member', ['hardship_case'], unique=False)
    op.create_table('hardship_case',
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('case_no', sa.String(length=200), nullable=True),
    sa.Column('category', sa.String(length=60), nullable=True),
    sa.Column('standard', sa.String(length=200), nullable=True),
    sa.Column('health', sa.String(length=60), nullable=True),
    sa.Column('disability', sa.String(length=200), nullable=True),
    sa.Column('work_state', sa.String(length=60), nullable=True),
    sa.Column('model_worker', sa.String(length=60), nullable=True),
    sa.Column('housing', sa.String(length=60), nullable=True),
    sa.Column('housing_area', sa.Integer(), nullable=True),
    sa.Column('single_parent', sa.Boolean(), nullable=True),
    sa.Column('own_income', sa.Integer(), nullable=True),
    sa.Column('other_income', sa.Integer(), nullable=True),
    sa.Column('family_size', sa.Integer(), nullable=True),
    sa.Column('medical_insurance', sa.String(length=200), nullable=True),
    sa.Column('zero_employment', sa.Boolean(), nullable=True),
    sa.Column('self_help', sa.String(length=200), nullable=True),
    sa.Column('cause', sa.Text(), nullable=True),
    sa.Column('opened_on', sa.String(length=60), nullable=True),
    sa.Column('closed_on', sa.String(length=60), nullable=True),
    sa.Column('notice_from', sa.String(length=60), nullable=True),
    sa.Column('notice_to', sa.String(length=60), nullable=True),
    sa.Column('consent_on', sa.String(length=60), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_hardship_case_member'), 'hardship_case', ['member'], unique=False)
    op.create_table('honour',
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('level', sa.String(length=60), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('collective', sa.String(length=200), nullable=True),
    sa.Column('awarded_on', sa.String(length=60), nullable=True),
    sa.Column('issuer', sa.String(length=200), nullable=True),
    sa.Column('document_title', sa.String(length=200), nullable=True),
    sa.Column('document_no', sa.String(length=200), nullable=True),
    sa.Column('certificate_no', sa.String(length=200), nullable=True),
    sa.Column('deeds', sa.Text(), nullable=True),
    sa.Column('reward', sa.String(length=200), nullable=True),
    sa.Column('studio', sa.String(length=36), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_honour_member'), 'honour', ['member'], unique=False)
    op.create_index(op.f('ix_honour_studio'), 'honour', ['studio'], unique=False)
    op.create_table('honour_update',
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('happened_on', sa.String(length=60), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_honour_update_member'), 'honour_update', ['member'], unique=False)
    op.create_table('improvement_proposal',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('others', sa.String(length=200), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('proposed_on', sa.String(length=60), nullable=True),
    sa.Column('present_state', sa.Text(), nullable=True),
    sa.Column('measures', sa.Text(), nullable=True),
    sa.Column('effect', sa.Text(), nullable=True),
    sa.Column('benefit', sa.Integer(), nullable=True),
    sa.Column('technical_score', sa.Integer(), nullable=True),
    sa.Column('economic_score', sa.Integer(), nullable=True),
    sa.Column('range_score', sa.Integer(), nullable=True),
    sa.Column('practical_score', sa.Integer(), nullable=True),
    sa.Column('total_score', sa.Integer(), nullable=True),
    sa.Column('is_adopted', sa.Boolean(), nullable=True),
    sa.Column('is_carried_out', sa.Boolean(), nullable=True),
    sa.Column('reward', sa.Integer(), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_improvement_proposal_member'), 'improvement_proposal', ['member'], unique=False)
    op.create_table('innovation_project',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('studio', sa.String(length=36), nullable=True),
    sa.Column('leader', sa.String(length=36), nullable=True),
    sa.Column('level', sa.String(length=60), nullable=True),
    sa.Column('approved_on', sa.String(length=60), nullable=True),
    sa.Column('approval_no', sa.String(length=200), nullable=True),
    sa.Column('start_money', sa.Integer(), nullable=True),
    sa.Column('starts_on', sa.String(length=60), nullable=True),
    sa.Column('ends_on', sa.String(length=60), nullable=True),
    sa.Column('goal', sa.Text(), nullable=True),
    sa.Column('budget', sa.Text(), nullable=True),
    sa.Column('phase', sa.String(length=60), nullable=True),
    sa.Column('grant_amount', sa.Integer(), nullable=True),
    sa.Column('first_paid_on', sa.String(length=60), nullable=True),
    sa.Column('rest_paid_on', sa.String(length=60), nullable=True),
    sa.Column('settled_on', sa.String(length=60), nullable=True),
    sa.Column('closing_note', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_innovation_project_leader'), 'innovation_project', ['leader'], unique=False)
    op.create_index(op.f('ix_innovation_project_studio'), 'innovation_project', ['studio'], unique=False)
    op.create_table('innovation_result',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('studio', sa.String(length=36), nullable=True),
    sa.Column('project', sa.String(length=36), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('others', sa.String(length=200), nullable=True),
    sa.Column('units', sa.String(length=200), nullable=True),
    sa.Column('starts_on', sa.String(length=60), nullable=True),
    sa.Column('ends_on', sa.String(length=60), nullable=True),
    sa.Column('points', sa.Text(), nullable=True),
    sa.Column('application', sa.Text(), nullable=True),
    sa.Column('benefit', sa.Integer(), nullable=True),
    sa.Column('social_benefit', sa.Text(), nullable=True),
    sa.Column('intention', sa.String(length=60), nullable=True),
    sa.Column('awards', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_innovation_result_member'), 'innovation_result', ['member'], unique=False)
    op.create_index(op.f('ix_innovation_result_project'), 'innovation_result', ['project'], unique=False)
    op.create_index(op.f('ix_innovation_result_studio'), 'innovation_result', ['studio'], unique=False)
    op.create_table('innovation_studio',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('studio_kind', sa.String(length=60), nullable=True),
    sa.Column('level', sa.String(length=60), nullable=True),
    sa.Column('founded_on', sa.String(length=60), nullable=True),
    sa.Column('named_on', sa.String(length=60), nullable=True),
    sa.Column('named_until', sa.String(length=60), nullable=True),
    sa.Column('leader', sa.String(length=36), nullable=True),
    sa.Column('leader_honours', sa.Text(), nullable=True),
    sa.Column('industry', sa.String(length=60), nullable=True),
    sa.Column('area', sa.Integer(), nullable=True),
    sa.Column('equipment', sa.Text(), nullable=True),
    sa.Column('yearly_funds', sa.Integer(), nullable=True),
    sa.Column('apprentices', sa.Integer(), nullable=True),
    sa.Column('promoted', sa.Integer(), nullable=True),
    sa.Column('rules_and_plan', sa.Text(), nullable=True),
    sa.Column('results', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_innovation_studio_leader'), 'innovation_studio', ['leader'], unique=False)
    op.create_table('ledger_entry',
    sa.Column('booked_on', sa.String(length=60), nullable=True),
    sa.Column('voucher_no', sa.String(length=200), nullable=True),
    sa.Column('programme', sa.String(length=60), nullable=True),
    sa.Column('budget_line', sa.String(length=36), nullable=True),
    sa.Column('source', sa.String(length=60), nullable=True),
    sa.Column('summary', sa.String(length=200), nullable=True),
    sa.Column('received', sa.Integer(), nullable=True),
    sa.Column('paid', sa.Integer(), nullable=True),
    sa.Column('beneficiaries', sa.Integer(), nullable=True),
    sa.Column('handler', sa.String(length=200), nullable=True),
    sa.Column('approver', sa.String(length=200), nullable=True),
    sa.Column('attachments', sa.Integer(), nullable=True),
    sa.Column('claim', sa.String(length=36), nullable=True),
    sa.Column('reverses', sa.String(length=36), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_ledger_entry_budget_line'), 'ledger_entry', ['budget_line'], unique=False)
    op.create_index(op.f('ix_ledger_entry_claim'), 'ledger_entry', ['claim'], unique=False)
    op.create_index(op.f('ix_ledger_entry_reverses'), 'ledger_entry', ['reverses'], unique=False)
    op.create_table('nomination',
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('year', sa.String(length=200), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('collective', sa.String(length=200), nullable=True),
    sa.Column('worker_kind', sa.String(length=60), nullable=True),
    sa.Column('resume', sa.Text(), nullable=True),
    sa.Column('honours', sa.Text(), nullable=True),
    sa.Column('deeds', sa.Text(), nullable=True),
    sa.Column('short_deeds', sa.Text(), nullable=True),
    sa.Column('congress_on', sa.String(length=60), nullable=True),
    sa.Column('voters', sa.Integer(), nullable=True),
    sa.Column('votes', sa.Integer(), nullable=True),
    sa.Column('notice_from', sa.String(length=60), nullable=True),
    sa.Column('notice_to', sa.String(length=60), nullable=True),
    sa.Column('notice_place', sa.String(length=200), nullable=True),
    sa.Column('objections', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=40), nullable=True),
    sa.Column('employer_clean', sa.Boolean(), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('decision', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_nomination_member'), 'nomination', ['member'], unique=False)
    op.create_table('patent',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('patent_no', sa.String(length=40), nullable=True),
    sa.Column('owner', sa.String(length=200), nullable=True),
    sa.Column('is_service', sa.Boolean(), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('inventors', sa.String(length=200), nullable=True),
    sa.Column('applied_on', sa.String(length=60), nullable=True),
    sa.Column('grant_published_on', sa.String(length=60), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('in_use', sa.Boolean(), nullable=True),
    sa.Column('result', sa.String(length=36), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_patent_member'), 'patent', ['member'], unique=False)
    op.create_index(op.f('ix_patent_patent_no'), 'patent', ['patent_no'], unique=False)
    op.create_index(op.f('ix_patent_result'), 'patent', ['result'], unique=False)
    op.create_table('printed',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('at', sa.String(length=32), nullable=False),
    sa.Column('who', sa.String(length=100), nullable=False),
    sa.Column('form', sa.String(length=60), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('register', sa.String(length=40), nullable=False),
    sa.Column('records', sa.Text(), nullable=False),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('record_file',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('register', sa.String(length=40), nullable=False),
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=60), nullable=False),
    sa.Column('added_at', sa.String(length=32), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_record_file_record_id'), 'record_file', ['record_id'], unique=False)
    op.create_table('safety_cup_unit',
    sa.Column('competition', sa.String(length=36), nullable=True),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('unit_kind', sa.String(length=60), nullable=True),
    sa.Column('industry', sa.String(length=60), nullable=True),
    sa.Column('employee_count', sa.Integer(), nullable=True),
    sa.Column('entrant_count', sa.Integer(), nullable=True),
    sa.Column('team_count', sa.Integer(), nullable=True),
    sa.Column('entrant_teams', sa.Integer(), nullable=True),
    sa.Column('safety_officer', sa.String(length=200), nullable=True),
    sa.Column('chair', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=40), nullable=True),
    sa.Column('accidents_last_year', sa.Integer(), nullable=True),
    sa.Column('plan', sa.Text(), nullable=True),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('award', sa.String(length=60), nullable=True),
    sa.Column('deeds', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_safety_cup_unit_competition'), 'safety_cup_unit', ['competition'], unique=False)
    op.create_table('score',
    sa.Column('round', sa.String(length=36), nullable=True),
    sa.Column('entry', sa.String(length=36), nullable=True),
    sa.Column('theory_score', sa.Integer(), nullable=True),
    sa.Column('practical_score', sa.Integer(), nullable=True),
    sa.Column('is_absent', sa.Boolean(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_score_entry'), 'score', ['entry'], unique=False)
    op.create_index(op.f('ix_score_round'), 'score', ['round'], unique=False)
    op.create_index('one_score', 'score', ['round', 'entry'], unique=True, sqlite_where=sa.text('removed_at IS NULL'))
    op.create_table('studio_member',
    sa.Column('studio', sa.String(length=36), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('skill', sa.String(length=200), nullable=True),
    sa.Column('duty', sa.String(length=200), nullable=True),
    sa.Column('joined_on', sa.String(length=60), nullable=True),
    sa.Column('left_on', sa.String(length=60), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_studio_member_member'), 'studio_member', ['member'], unique=False)
    op.create_index(op.f('ix_studio_member_studio'), 'studio_member', ['studio'], unique=False)
    op.create_table('studio_review',
    sa.Column('studio', sa.String(length=36), nullable=True),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('result_count', sa.Integer(), nullable=True),
    sa.Column('activity_count', sa.Integer(), nullable=True),
    sa.Column('conclusion', sa.String(length=60), nullable=True),
    sa.Column('reviewed_on', sa.String(length=60), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_studio_review_studio'), 'studio_review', ['studio'], unique=False)
    op.create_table('tech_member',
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('joined_on', sa.String(length=60), nullable=True),
    sa.Column('occupation', sa.String(length=200), nullable=True),
    sa.Column('skill_level', sa.String(length=60), nullable=True),
    sa.Column('professional_title', sa.String(length=200), nullable=True),
    sa.Column('strengths', sa.Text(), nullable=True),
    sa.Column('results', sa.Text(), nullable=True),
    sa.Column('services', sa.Text(), nullable=True),
    sa.Column('wish', sa.String(length=60), nullable=True),
    sa.Column('left_on', sa.String(length=60), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_tech_member_member'), 'tech_member', ['member'], unique=False)
    op.create_index('one_tech_member', 'tech_member', ['member'], unique=True, sqlite_where=sa.text('removed_at IS NULL'))
    op.create_table('tech_service',
    sa.Column('topic', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('tech_member', sa.String(length=36), nullable=True),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('served_on', sa.String(length=60), nullable=True),
    sa.Column('people', sa.Integer(), nullable=True),
    sa.Column('benefit', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_tech_service_tech_member'), 'tech_service', ['tech_member'], unique=False)
    op.create_table('tech_unit',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('employee_count', sa.Integer(), nullable=True),
    sa.Column('talent_count', sa.Integer(), nullable=True),
    sa.Column('chief', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=40), nullable=True),
    sa.Column('joined_on', sa.String(length=60), nullable=True),
    sa.Column('services', sa.Text(), nullable=True),
    sa.Column('needs', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    op.create_table('training',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('class_name', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('way', sa.String(length=60), nullable=True),
    sa.Column('occupation', sa.String(length=200), nullable=True),
    sa.Column('occupation_code', sa.String(length=10), nullable=True),
    sa.Column('skill_level', sa.String(length=60), nullable=True),
    sa.Column('training_body', sa.String(length=200), nullable=True),
    sa.Column('teacher', sa.String(length=200), nullable=True),
    sa.Column('starts_on', sa.String(length=60), nullable=True),
    sa.Column('ends_on', sa.String(length=60), nullable=True),
    sa.Column('place', sa.String(length=200), nullable=True),
    sa.Column('class_hours', sa.Integer(), nullable=True),
    sa.Column('passing_hours', sa.Integer(), nullable=True),
    sa.Column('passing_score', sa.Integer(), nullable=True),
    sa.Column('planned_count', sa.Integer(), nullable=True),
    sa.Column('budget', sa.Integer(), nullable=True),
    sa.Column('cost', sa.Integer(), nullable=True),
    sa.Column('is_free', sa.Boolean(), nullable=True),
    sa.Column('contact', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=40), nullable=True),
    sa.Column('state', sa.String(length=60), nullable=True),
    sa.Column('summary', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    op.create_table('union_group',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('parent', sa.String(length=36), nullable=True),
    sa.Column('employer', sa.String(length=36), nullable=True),
    sa.Column('uscc', sa.String(length=18), nullable=True),
    sa.Column('department', sa.String(length=200), nullable=True),
    sa.Column('leader', sa.String(length=36), nullable=True),
    sa.Column('founded_on', sa.String(length=60), nullable=True),
    sa.Column('member_count', sa.Integer(), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_union_group_employer'), 'union_group', ['employer'], unique=False)
    op.create_index(op.f('ix_union_group_leader'), 'union_group', ['leader'], unique=False)
    op.create_index(op.f('ix_union_group_parent'), 'union_group', ['parent'], unique=False)
    op.create_table('union_officer',
    sa.Column('position', sa.String(length=60), nullable=True),
    sa.Column('member', sa.String(length=36), nullable=True),
    sa.Column('full_name', sa.String(length=100), nullable=True),
    sa.Column('union_group', sa.String(length=36), nullable=True),
    sa.Column('is_full_time', sa.Boolean(), nullable=True),
    sa.Column('elected_on', sa.String(length=60), nullable=True),
    sa.Column('term_from', sa.String(length=60), nullable=True),
    sa.Column('term_to', sa.String(length=60), nullable=True),
    sa.Column('document_no', sa.String(length=200), nullable=True),
    sa.Column('left_on', sa.String(length=60), nullable=True),
    *_of_every_record(),
    )
    op.create_index(op.f('ix_union_officer_member'), 'union_officer', ['member'], unique=False)
    op.create_index(op.f('ix_union_officer_union_group'), 'union_officer', ['union_group'], unique=False)
    op.create_table('women_activity',
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('kind', sa.String(length=60), nullable=True),
    sa.Column('held_on', sa.String(length=60), nullable=True),
    sa.Column('place', sa.String(length=200), nullable=True),
    sa.Column('people', sa.Integer(), nullable=True),
    sa.Column('cost', sa.Integer(), nullable=True),
    sa.Column('summary', sa.Text(), nullable=True),
    *_of_every_record(),
    )
    with op.batch_alter_table('certificate', schema=None) as batch_op:
        batch_op.add_column(sa.Column('occupation_code', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('occupation_edition', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('number_note', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('entry', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('training', sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f('ix_certificate_entry'), ['entry'], unique=False)
        batch_op.create_index(batch_op.f('ix_certificate_training'), ['training'], unique=False)
    with op.batch_alter_table('competition', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('theory_weight', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('first_prizes', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('second_prizes', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('third_prizes', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('photo_rule', sa.String(length=60), nullable=True))
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.add_column(sa.Column('team', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('is_substitute', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('total_score', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('award', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('outcome', sa.String(length=60), nullable=True))
        batch_op.create_index(batch_op.f('ix_entry_team'), ['team'], unique=False)
    with op.batch_alter_table('lecture', schema=None) as batch_op:
        batch_op.add_column(sa.Column('training', sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f('ix_lecture_training'), ['training'], unique=False)
    with op.batch_alter_table('subsidy_application', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('entry', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('patent', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('training', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('studio', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('project', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('school', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('major', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('graduated_from', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('contract_from', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('contract_to', sa.String(length=60), nullable=True))
        batch_op.create_index(batch_op.f('ix_subsidy_application_entry'), ['entry'], unique=False)
        batch_op.create_index(batch_op.f('ix_subsidy_application_patent'), ['patent'], unique=False)
        batch_op.create_index(batch_op.f('ix_subsidy_application_project'), ['project'], unique=False)
        batch_op.create_index(batch_op.f('ix_subsidy_application_studio'), ['studio'], unique=False)
        batch_op.create_index(batch_op.f('ix_subsidy_application_training'), ['training'], unique=False)
    for table in SEARCHED:
        op.execute(SEARCH.format(table))
    op.execute("UPDATE subsidy_application SET kind = '技能提升补贴'")
