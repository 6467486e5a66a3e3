"""How registers are laid out on the screen: which columns a table shows at first, how wide, and how a page groups its fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from db.record import Record, fields_of


@dataclass(frozen=True)
class Layout:
    """`columns`: field -> width at 100 %. `groups`: heading -> fields; what is named nowhere comes last under 其他."""

    columns: Mapping[str, int]
    groups: Mapping[str, tuple[str, ...]]


_LAYOUTS: Mapping[str, Layout] = {
    "member": Layout(
        {"full_name": 120, "gender": 60, "id_number": 190, "birth_date": 110, "mobile": 130, "department": 130, "post": 120, "employee_no": 90, "joined_on": 110},
        {
            "身份": ("full_name", "name_note", "gender", "birth_date", "id_type", "id_number", "id_valid_to", "ethnicity", "native_place"),
            "联系": ("mobile", "landline", "residence_place"),
            "工作": ("department", "post", "employee_no", "employer_name", "employment_status", "employment_form", "work_started_on", "skill_level", "professional_title", "education", "political_status"),
            "会籍": ("member_card_no", "joined_on", "membership_event", "membership_event_date", "membership_event_reason"),
            "户籍": ("household_type", "household_place", "is_migrant_worker", "is_from_outside_beijing"),
            "个人信息": ("consent_on", "retain_until", "note"),
        },
    ),
    "membership_event": Layout({"member": 130, "event": 100, "event_date": 120, "reason": 220, "note": 260}, {"会籍变化": ("member", "event", "event_date", "reason", "note")}),
    "lecture": Layout(
        {"topic": 280, "theme": 80, "starts_at": 150, "place": 140, "planned_count": 90, "speaker": 100, "state": 80},
        {
            "讲座": ("topic", "theme", "form", "starts_at", "place", "speaker", "speaker_unit", "speaker_bio"),
            "承办": ("organizer_unit", "co_organizer", "contact", "contact_phone"),
            "人数和签到": ("planned_count", "expected_women", "expected_migrants", "capacity", "walk_ins_allowed", "state"),
            "经费": ("speaker_fee", "venue_fee", "material_fee", "speaker_paid", "venue_paid", "material_paid"),
            "总结": ("very_satisfied", "satisfied", "fairly_satisfied", "not_satisfied", "summary", "safety_plan"),
        },
    ),
    "lecture_session": Layout({"lecture": 260, "name": 120, "starts_at": 150, "hall": 150, "capacity": 80}, {"场次": ("lecture", "name", "starts_at", "hall", "capacity", "note")}),
    "registration": Layout({"full_name": 120, "unit": 160, "lecture": 240, "session": 120, "mobile": 130, "note": 160}, {"名单": ("lecture", "session", "member", "full_name", "unit", "mobile", "note")}),
    "sign_in": Layout({"full_name": 120, "unit": 150, "lecture": 260, "session": 110, "signed_at": 150, "way": 90, "door": 90, "note": 160}, {"签到": ("lecture", "session", "member", "full_name", "unit", "mobile", "signed_at", "way", "door", "note")}),
    "competition": Layout(
        {"name": 260, "competition_class": 110, "trades": 200, "entry_deadline": 110, "starts_on": 110, "organizer_unit": 160},
        {
            "竞赛": ("name", "kind", "competition_class", "organizer_unit", "place", "trades"), "日期": ("entry_deadline", "starts_on", "ends_on"),
            "成绩和奖项": ("entrant_total", "theory_weight", "first_prizes", "second_prizes", "third_prizes", "photo_rule", "note"),
        },
    ),
    "entry": Layout({"competition": 240, "member": 150, "trade": 110, "state": 90, "total_score": 90, "rank": 70, "award": 100}, {"报名": ("competition", "member", "trade", "team", "is_substitute", "years_in_trade", "state", "entered_on"), "成绩": ("theory_score", "practical_score", "total_score", "rank", "award", "outcome", "note")}),
    "certificate": Layout(
        {"member": 110, "occupation": 130, "skill_level": 120, "certificate_no": 220, "kind": 160, "issued_on": 110, "is_verified": 90},
        {
            "证书": ("member", "kind", "occupation", "skill_level", "occupation_code", "occupation_edition", "certificate_no", "number_note"),
            "发证": ("issuing_body", "issued_on", "valid_to", "is_verified"), "怎么得来的": ("entry", "training", "note"),
        },
    ),
    "subsidy_application": Layout(
        {"form_no": 150, "member": 110, "certificate": 240, "applied_on": 110, "amount": 100, "state": 110, "approved_amount": 100},
        {
            "申请": ("kind", "member", "policy", "applied_on", "amount", "state", "form_no", "has_other_claim"), "凭什么申请": ("certificate", "entry", "patent", "training", "studio", "project"),
            "培训和参保": ("training_body", "class_hours", "trained_from", "trained_to", "training_fee", "invoice_no", "insured_months"), "上学": ("school", "major", "graduated_from", "contract_from", "contract_to"),
            "收款": ("bank_name", "account_name", "account_no"), "区级决定": ("approved_amount", "decision", "note"),
        },
    ),
    "competition_trade": Layout({"competition": 240, "trade": 130, "lowest_level": 130, "pass_level": 140, "promotion_ranks": 90, "promotion_level": 130}, {
        "工种": ("competition", "trade", "occupation_code", "occupation_edition", "lowest_level"), "取证和晋级": ("pass_score", "pass_level", "promotion_ranks", "promotion_level", "source"),
    }),
    "competition_round": Layout({"competition": 240, "name": 90, "trade": 110, "starts_on": 120, "place": 160, "weight": 120, "advance": 90}, {}),
    "competition_team": Layout({"competition": 240, "name": 150, "unit": 160, "leader": 90, "score": 90, "rank": 90, "award": 90}, {"参赛队": ("competition", "name", "unit", "leader", "leader_phone", "coach"), "成绩": ("score", "rank", "award", "note")}),
    "safety_cup_unit": Layout({"year": 70, "unit": 220, "unit_kind": 110, "entrant_count": 110, "score": 90, "award": 130, "state": 100}, {
        "参赛": ("competition", "year", "unit", "unit_kind", "industry", "state"), "规模": ("employee_count", "entrant_count", "team_count", "entrant_teams", "accidents_last_year"),
        "联系": ("safety_officer", "chair", "contact", "contact_phone"), "考核和事迹": ("score", "award", "member", "plan", "deeds"),
    }),
    "safety_cup_score": Layout({"safety_cup_unit": 240, "item": 130, "self_score": 90, "review_score": 90, "note": 260}, {}),
    "training": Layout({"name": 220, "class_name": 100, "kind": 120, "way": 110, "starts_on": 110, "planned_count": 90, "cost": 100, "state": 90}, {
        "培训班": ("name", "class_name", "kind", "way", "training_body", "teacher", "contact", "contact_phone", "state"), "时间和地点": ("starts_on", "ends_on", "place", "planned_count"),
        "职业和结业": ("occupation", "occupation_code", "skill_level", "class_hours", "passing_hours", "passing_score"), "经费": ("is_free", "budget", "cost"), "总结": ("summary",),
    }),
    "enrolment": Layout({"training": 240, "full_name": 110, "unit": 150, "hours_attended": 100, "score": 90, "result": 100, "completion_no": 170}, {"学员": ("training", "member", "full_name", "unit", "enrolled_on"), "结业": ("hours_attended", "score", "result", "completion_no", "note")}),
    "innovation_studio": Layout({"name": 240, "level": 100, "leader": 100, "named_on": 110, "named_until": 120, "state": 90}, {
        "工作室": ("name", "studio_kind", "level", "founded_on", "named_on", "named_until", "state"), "领军人": ("leader", "leader_honours"), "条件": ("industry", "area", "yearly_funds", "apprentices", "promoted", "equipment"),
        "制度和成果": ("rules_and_plan", "results", "note"),
    }),
    "studio_member": Layout({"studio": 240, "full_name": 110, "skill": 140, "duty": 160, "joined_on": 110, "left_on": 110}, {}),
    "studio_review": Layout({"studio": 240, "year": 80, "event": 110, "conclusion": 110, "result_count": 110, "activity_count": 100, "reviewed_on": 120}, {}),
    "innovation_project": Layout({"name": 240, "studio": 200, "leader": 100, "phase": 100, "grant_amount": 110, "ends_on": 110, "settled_on": 110}, {
        "项目": ("name", "studio", "leader", "level", "approved_on", "approval_no", "starts_on", "ends_on", "phase"), "内容": ("goal", "budget", "closing_note"),
        "资金": ("start_money", "grant_amount", "first_paid_on", "rest_paid_on", "settled_on"),
    }),
    "innovation_result": Layout({"name": 260, "kind": 110, "year": 80, "member": 110, "benefit": 120, "intention": 120, "awards": 140}, {
        "成果": ("name", "kind", "year", "studio", "project", "starts_on", "ends_on"), "完成人": ("member", "others", "units"), "内容": ("points", "application"), "效益和转化": ("benefit", "intention", "social_benefit", "awards"),
    }),
    "patent": Layout({"name": 240, "kind": 100, "patent_no": 190, "member": 110, "grant_published_on": 120, "state": 90}, {
        "专利": ("name", "kind", "patent_no", "state", "applied_on", "grant_published_on"), "发明人": ("member", "front_line", "inventors", "owner", "is_service"), "应用": ("in_use", "result", "note"),
    }),
    "improvement_proposal": Layout({"name": 240, "kind": 100, "member": 110, "proposed_on": 110, "total_score": 80, "is_adopted": 70, "reward": 100}, {
        "建议": ("name", "kind", "member", "others", "phone", "unit", "proposed_on"), "内容": ("present_state", "measures", "effect", "benefit"),
        "评分": ("technical_score", "economic_score", "range_score", "practical_score", "total_score"), "采纳": ("is_adopted", "is_carried_out", "reward"),
    }),
    "tech_member": Layout({"member": 110, "occupation": 120, "skill_level": 130, "strengths": 240, "wish": 120, "joined_on": 110}, {"会员": ("member", "joined_on", "occupation", "skill_level", "professional_title", "left_on"), "技术服务": ("strengths", "results", "services", "wish")}),
    "tech_unit": Layout({"name": 240, "employee_count": 90, "talent_count": 110, "chief": 110, "services": 240, "joined_on": 110}, {}),
    "honour": Layout({"kind": 180, "level": 90, "member": 110, "collective": 180, "awarded_on": 110, "issuer": 180}, {
        "荣誉": ("kind", "level", "member", "collective", "awarded_on", "studio"), "授予": ("issuer", "document_title", "document_no", "certificate_no", "prize", "reward"), "事迹": ("deeds", "note"),
    }),
    "nomination": Layout({"kind": 180, "year": 80, "member": 110, "collective": 160, "notice_from": 110, "notice_to": 110, "state": 100}, {
        "推荐": ("kind", "year", "member", "collective", "worker_kind", "contact_phone", "state"), "简历和事迹": ("resume", "honours", "short_deeds", "deeds"), "职代会": ("congress_on", "voters", "votes"),
        "公示": ("notice_from", "notice_to", "notice_place", "objections", "opinions", "employer_clean"), "上级意见": ("decision",),
    }),
    "honour_update": Layout({"member": 120, "happened_on": 120, "kind": 120, "text": 420}, {}),
    "hardship_case": Layout({"member": 110, "case_no": 130, "category": 120, "health": 90, "family_size": 80, "opened_on": 110, "state": 90}, {
        "困难职工": ("member", "case_no", "category", "standard", "cause", "state", "opened_on", "closed_on"), "户口和单位": ("marital_status", "household_area", "postcode", "employer_state", "contract_from", "contract_to"), "本人情况": ("health", "disability", "work_state", "model_worker", "single_parent", "zero_employment", "medical_insurance", "self_help"),
        "住房和收入": ("housing", "housing_area", "own_income", "other_income", "family_size", "yearly_income", "income_per_head"), "同意和公示": ("consent_on", "notice_from", "notice_to"),
    }),
    "family_member": Layout({"hardship_case": 120, "full_name": 110, "relation": 80, "gender": 60, "birth_date": 110, "identity": 100, "monthly_income": 110}, {}),
    "assistance": Layout({"hardship_case": 120, "kind": 110, "given_on": 110, "amount": 110, "source": 120, "note": 220}, {"帮扶": ("hardship_case", "family_member", "kind", "given_on", "applied_amount", "amount", "source", "note"), "医疗": ("illness", "own_cost", "hospital_stays", "unit_relief", "social_relief"), "助学": ("school", "grade", "schooling_years", "tuition", "study_loan"), "收款": ("bank_name", "account_name", "account_no")}),
    "ledger_entry": Layout({"booked_on": 110, "voucher_no": 100, "programme": 110, "summary": 240, "received": 110, "paid": 110, "budget_line": 180}, {
        "这一笔": ("booked_on", "voucher_no", "programme", "budget_line", "source", "summary", "received", "paid", "part", "beneficiaries"), "经办": ("handler", "approver", "attachments"), "来自": ("claim", "reverses"),
    }),
    "budget_line": Layout({"year": 70, "name": 220, "programme": 110, "source": 110, "amount": 120, "earmark": 140, "document_no": 140}, {}),
    "grassroots_union": Layout({"name": 260, "uscc": 190}, {
        "工会": ("name", "uscc", "stat_code", "area_code", "organisation_form", "upper_union", "union_kind", "founded_on", "chair", "contact", "contact_phone"),
        "所在单位": ("employer_name", "employer_uscc", "unit_nature", "economic_kind", "industry", "district", "employee_count", "address"),
    }),
    "union_group": Layout({"name": 200, "kind": 110, "parent": 160, "leader": 100, "member_count": 90, "founded_on": 110}, {}),
    "union_officer": Layout({"position": 140, "full_name": 110, "union_group": 160, "term_from": 110, "term_to": 110, "left_on": 110}, {"干部": ("position", "member", "full_name", "union_group", "is_full_time"), "任期": ("elected_on", "term_from", "term_to", "document_no", "left_on")}),
}


def layout_of(register: type[Record]) -> Layout:
    """The register's layout; a new register without one shows its first seven fields."""
    found = _LAYOUTS.get(register.__tablename__)
    if found is not None:
        return found
    names = [f.name for f in fields_of(register)]
    return Layout(dict.fromkeys(names[:7], 140), {register.label: tuple(names)})


def groups_of(register: type[Record]) -> dict[str, tuple[str, ...]]:
    layout = layout_of(register)
    named = {name for names in layout.groups.values() for name in names}
    rest = tuple(f.name for f in fields_of(register) if f.name not in named)
    if not layout.groups:
        return {register.label: rest}
    return {**layout.groups, **({"其他": rest} if rest else {})}
