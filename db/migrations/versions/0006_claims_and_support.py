"""What claims, support, studios and the yearly survey ask besides."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MORE: dict[str, tuple[tuple[str, sa.types.TypeEngine[Any]], ...]] = {
    "assistance": (("hospital_stays", sa.Integer()), ("unit_relief", sa.Integer()), ("social_relief", sa.Integer()), ("schooling_years", sa.Integer()), ("study_loan", sa.Integer()),),
    "budget_line": (("effect", sa.Text()),),
    "competition": (("entrant_total", sa.Integer()),),
    "entry": (("years_in_trade", sa.Integer()),),
    "family_member": (("political_status", sa.String(length=60)), ("education", sa.String(length=60)),),
    "grassroots_union": (("area_code", sa.String(length=60)), ("organisation_form", sa.String(length=60)),),
    "hardship_case": (("marital_status", sa.String(length=60)), ("household_area", sa.String(length=200)), ("postcode", sa.String(length=60)), ("employer_state", sa.String(length=200)), ("contract_from", sa.String(length=60)), ("contract_to", sa.String(length=60)), ("yearly_income", sa.Integer()), ("income_per_head", sa.Integer()),),
    "honour": (("prize", sa.Integer()),),
    "nomination": (("opinions", sa.Text()),),
    "patent": (("front_line", sa.Boolean()),),
    "safety_cup_unit": (("contact", sa.String(length=200)), ("member", sa.String(length=36)),),
    "studio_review": (("event", sa.String(length=60)),),
    "subsidy_application": (("trained_from", sa.String(length=60)), ("trained_to", sa.String(length=60)), ("invoice_no", sa.String(length=200)), ("insured_months", sa.Integer()),),
}


def upgrade() -> None:
    for table, columns in MORE.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index("ix_safety_cup_unit_member", "safety_cup_unit", ["member"])
    op.execute("UPDATE hardship_case SET yearly_income = coalesce(own_income, 0) * 12 + coalesce(other_income, 0) WHERE own_income IS NOT NULL OR other_income IS NOT NULL")
    op.execute("UPDATE hardship_case SET income_per_head = CAST(round(yearly_income / 12.0 / family_size) AS INTEGER) WHERE yearly_income IS NOT NULL AND family_size > 0")
