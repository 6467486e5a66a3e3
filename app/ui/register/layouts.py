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
        {"竞赛": ("name", "competition_class", "organizer_unit", "trades", "place"), "日期": ("entry_deadline", "starts_on", "ends_on", "note")},
    ),
    "entry": Layout({"competition": 240, "member": 120, "trade": 110, "state": 90, "theory_score": 90, "practical_score": 90, "rank": 70}, {"报名": ("competition", "member", "trade", "state", "entered_on"), "成绩": ("theory_score", "practical_score", "rank", "note")}),
    "certificate": Layout(
        {"member": 110, "occupation": 130, "skill_level": 120, "certificate_no": 220, "kind": 160, "issued_on": 110, "is_verified": 90},
        {"证书": ("member", "kind", "occupation", "skill_level", "certificate_no"), "发证": ("issuing_body", "issued_on", "valid_to", "is_verified", "note")},
    ),
    "subsidy_application": Layout(
        {"form_no": 150, "member": 110, "certificate": 240, "applied_on": 110, "amount": 100, "state": 110, "approved_amount": 100},
        {
            "申请": ("member", "certificate", "policy", "applied_on", "amount", "state", "form_no"), "培训": ("training_body", "class_hours", "training_fee"),
            "收款": ("bank_name", "account_name", "account_no", "has_other_claim"), "区级决定": ("approved_amount", "decision", "note"),
        },
    ),
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
    return {**layout.groups, **({"其他": rest} if rest else {})}
