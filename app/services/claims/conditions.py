"""Conditions that policies name, each a question about the basis with its answer as a sentence (domain 5.3)."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from app.services.claims.basis import COMPLETE, Basis
from app.services.policies import months_after
from db.dates import PartialDate
from db.problems import Problem, warning

Claim = Mapping[str, Any]
Condition = Callable[[Basis, Claim, date], Problem | None]
_ROUNDS = {"决赛": "final", "复赛": "semifinal"}


def _limit(claim: Claim, name: str, otherwise: int = 0) -> int:
    """A number of the policy row; the condition is not asked where the row has none."""
    return int(claim["limits"].get(name, otherwise))


def _card(basis: Basis, claim: Claim, on: date) -> Problem | None:
    return None if basis.member and basis.member["member_card_no"] else Problem("no-card", "还没有会员卡号，这项助推要凭会员卡申请。", "member")


def _rural(basis: Basis, claim: Claim, on: date) -> Problem | None:
    rural = basis.member and (basis.member["household_type"] == "农业户口" or basis.member["is_migrant_worker"])
    return None if rural else Problem("not-rural", "不是农业户籍的职工，不能报这项计划。", "member")


def _senior_secondary(basis: Basis, claim: Claim, on: date) -> Problem | None:
    education = basis.member["education"] if basis.member else None
    if education is None:
        return Problem("education-missing", "名册里没有填学历，请先补上。", "member")
    wanted = claim["lists"].get("educations", ())
    return None if not wanted or education in wanted else Problem("education", f"学历是{education}，这项计划要{'、'.join(wanted)}。", "member")


def _contract_year(basis: Basis, claim: Claim, on: date) -> Problem | None:
    start, end, months = claim.get("contract_from"), claim.get("contract_to"), _limit(claim, "contract_months", 12)
    if not isinstance(start, PartialDate):
        said = f"还没有填合同起止，要 {months} 个月以上的劳动合同。"
        return Problem("contract-missing", said, "contract_from") if claim.get("state") in COMPLETE else warning("contract-missing", said, "contract_from")
    if isinstance(end, PartialDate) and end.last_day() < months_after(start.first_day(), months) - timedelta(days=1):
        return Problem("contract-short", f"合同不满 {months} 个月，不能报这项计划。", "contract_to")
    return None


def _fact(name: str, code: str, said: str) -> Condition:
    def ask(basis: Basis, claim: Claim, on: date) -> Problem | None:
        return None if basis.facts and basis.facts.get(name) else Problem(code, said, basis.field)

    return ask


def _granted(basis: Basis, claim: Claim, on: date) -> Problem | None:
    return None if basis.facts and basis.facts.get("state") == "授权" else Problem("not-granted", "专利还没有授权，不能申请。", "patent")


def _invention(basis: Basis, claim: Claim, on: date) -> Problem | None:
    return None if basis.kind == "发明" else Problem("not-an-invention", f"只助推发明专利，这件是{basis.kind or '没有填类型'}。", "patent")


def _top(basis: Basis, claim: Claim, on: date) -> Problem | None:
    """So many places of the final; where the semi-final is the highest round, of that."""
    if basis.field != "entry" or basis.facts is None:
        return None
    most = _limit(claim, f"{_ROUNDS.get(str(basis.facts.get('highest_round')), 'first')}_places")
    rank = basis.facts.get("rank")
    return None if rank and rank <= most else Problem("rank", f"名次要在{basis.facts.get('highest_round')}前 {most} 名。" if most else "只办了初赛的竞赛不能申请。", "entry")


def _contest_size(basis: Basis, claim: Claim, on: date) -> Problem | None:
    """A final wants so many entrants in the first round, a semi-final fewer (京工 2016)."""
    if basis.field != "entry" or basis.facts is None:
        return None
    least, total = _limit(claim, f"{_ROUNDS.get(str(basis.facts.get('highest_round')), 'first')}_entrants"), basis.facts.get("entrant_total")
    if not least or (total is not None and total >= least):
        return None
    if total is None:
        return warning("contest-size-unknown", f"竞赛没有填初赛总人数，办{basis.facts.get('highest_round')}的要 {least} 人以上，请核对。", "entry")
    return Problem("contest-small", f"初赛只有 {total} 人，办{basis.facts.get('highest_round')}的要 {least} 人以上才能申请。", "entry")


def _insured(basis: Basis, claim: Claim, on: date) -> Problem | None:
    least, months = _limit(claim, "insured_months"), claim.get("insured_months")
    if not least:
        return None
    if months is None:
        return warning("insured-missing", f"还没有填失业保险缴费月数，要满 {least} 个月。", "insured_months")
    return None if months >= least else Problem("insured-short", f"失业保险只缴了 {months} 个月，要满 {least} 个月。", "insured_months")


def _amount_range(basis: Basis, claim: Claim, on: date) -> Problem | None:
    """What is asked for lies between the least and the most of the row."""
    least, most, amount = _limit(claim, "amount_least"), _limit(claim, "amount_most"), claim.get("amount")
    if amount is None or not most or least <= amount <= most:
        return None
    return warning("amount-range", f"申请 {amount:,.2f} 元；参照的标准是 {least:,} 到 {most:,} 元，请核对。", "amount")


def _front_line(basis: Basis, claim: Claim, on: date) -> Problem | None:
    at = basis.facts.get("front_line") if basis.facts else None
    if at is None:
        return warning("front-line-missing", "没有填第一发明人是不是在一线，只助推一线职工。", "patent")
    return None if at else Problem("not-front-line", "第一发明人不在一线，不能申请。", "patent")


def _social_worker(basis: Basis, claim: Claim, on: date) -> Problem | None:
    """Social workers' certificates count for the union's own full-time social workers."""
    if basis.kind != "社会工作者职业水平证书" or (basis.facts and basis.facts.get("is_union_social_worker")):
        return None
    return warning("not-a-union-social-worker", "社会工作者证书只助推专职工会社会工作者；工会干部里没有登记为专职，请核对。", "member")


def _no_certificate(basis: Basis, claim: Claim, on: date) -> Problem | None:
    if basis.field == "entry" and basis.facts and (basis.facts.get("outcome") in ("已取证", "晋级取证") or basis.facts.get("has_certificate")):
        return Problem("certified", "这次竞赛已经取证，请按证书申请。", "entry")
    return None


def _named(basis: Basis, claim: Claim, on: date) -> Problem | None:
    return None if basis.facts and basis.facts.get("state") == "已命名" else Problem("not-named", "工作室还没有命名，不能申请。", "studio")


def _team(basis: Basis, claim: Claim, on: date) -> Problem | None:
    if not basis.facts or not basis.facts.get("leader"):
        return Problem("no-leader", "工作室没有填领军人。", "studio")
    return None if basis.facts.get("team", 0) >= claim["studio_team"] else Problem("team-small", f"工作室成员不到 {claim['studio_team']} 人。", "studio")


def _settled(basis: Basis, claim: Claim, on: date) -> Problem | None:
    others = basis.facts.get("others", ()) if basis.facts else ()
    names = [o["name"] for o in others if o["first_paid_on"] or o["id"] in claim["granted"]]
    return Problem("unsettled", f"“{names[0]}”的助推资金还没有结算，不能再申请新的。", "project") if names else None


def _approved_this_year(basis: Basis, claim: Claim, on: date) -> Problem | None:
    return None if basis.arose and basis.arose.year == on.year else Problem("not-this-year", "只收当年立项的项目。", "project")


def _two_years(basis: Basis, claim: Claim, on: date) -> Problem | None:
    end = basis.facts.get("ends_on") if basis.facts else None
    if not isinstance(end, PartialDate) or basis.arose is None:
        return warning("end-missing", "还没有填计划完成日期，项目要在两年内完成。", "project")
    months = _limit(claim, "project_months", 24)
    return None if end.first_day() <= months_after(basis.arose.last_day(), months) else Problem("too-long", f"计划完成日期超过立项后 {months} 个月。", "project")


def _finished(basis: Basis, claim: Claim, on: date) -> Problem | None:
    return None if basis.facts and basis.facts.get("state") == "结束" else Problem("not-finished", "培训还没有结束，不能申请。", "training")


CONDITIONS: Mapping[str, Condition] = {
    "card": _card, "rural": _rural, "senior_secondary": _senior_secondary, "contract_year": _contract_year, "granted": _granted, "invention": _invention,
    "service_invention": _fact("is_service", "not-service", "不是职务发明，不能申请。"), "in_use": _fact("in_use", "not-in-use", "专利还没有用于生产，不能申请。"),
    "top": _top, "no_certificate": _no_certificate, "named": _named, "team": _team, "settled": _settled, "approved_this_year": _approved_this_year,
    "start_money": _fact("start_money", "no-start-money", "还没有填单位的启动资金。"), "approval": _fact("approval_no", "no-approval", "还没有填企业批文。"), "two_years": _two_years, "finished": _finished,
    "contest_size": _contest_size, "amount_range": _amount_range, "insured": _insured, "front_line": _front_line, "social_worker": _social_worker,
}
