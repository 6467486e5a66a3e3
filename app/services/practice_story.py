"""The practice union's year: one worker's way from a contest to the paid subsidy, and something in every other programme.

Told through the same services that the clerk's own work goes through. The district's part, which a practice union has none of,
is written as its answer would be, and says that it is practice. All people are invented.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.services import competitions, entries, form_jobs, funds, trainings
from app.services.claims import making
from app.services.crosschecks import PACKED
from app.services.office import Office
from app.services.records import Act, ActKind
from app.services.setup import own_union
from db import codes
from db.dates import PartialDate
from db.record import Record
from db.registers import (
    BudgetLine,
    Certificate,
    Competition,
    CompetitionRound,
    CompetitionTrade,
    Employer,
    Enrolment,
    Honour,
    HonourUpdate,
    LedgerEntry,
    Member,
    Nomination,
    Officer,
    Patent,
    Project,
    Proposal,
    Result,
    SafetyCupScore,
    SafetyCupUnit,
    Studio,
    StudioMember,
    StudioReview,
    SubsidyApplication,
    Team,
    TechMember,
    TechService,
    TechUnit,
    Training,
    Union,
    UnionGroup,
    WomenActivity,
)

ENTRANTS, STUDENTS = 6, 12
MARKS = ((92, 88), (90, 87), (86, 89), (85, 80), (78, 82), (70, 74))


def tell(office: Office) -> None:
    """The year so far: act by act, as a clerk would have done it."""
    today = office.clock().astimezone().date()
    with office.reading() as session:
        people = list(session.scalars(select(Member).where(Member.removed_at.is_(None)).order_by(Member.rowno).limit(60)))
    _own_union(office, people, today)
    winner = _contest(office, people[:ENTRANTS], today)
    _claim(office, winner, today)
    _training(office, people[10 : 10 + STUDENTS], today)
    _innovation(office, people[30:36], today)
    _honours(office, people[36], today)
    with office.act(ActKind.EDIT, "练习：技协、安康杯和女职工") as act:
        tech = _new(act, TechMember, member=people[31].id, joined_on=_day(today, 200), occupation="焊工", skill_level="二级/技师", strengths="不锈钢薄板焊接", services="技术咨询、带徒", wish="带徒")
        _new(act, TechUnit, name="北京练习精密机械有限公司", employee_count=86, talent_count=31, chief="周师傅", contact_phone="010-65000000", services="数控加工")
        _new(act, TechService, topic="给街道小微企业讲安全用电", tech_member=tech, unit="三里屯街道", served_on=_day(today, 40), people=24)
        cup = _new(act, SafetyCupUnit, year=today.year, unit="机加工一班", unit_kind="班组", employee_count=18, entrant_count=18, team_count=1, entrant_teams=1, safety_officer="钱工", score=Decimal("96.5"), award="优胜班组", plan="每周一次班前安全讲话")
        for n, item in enumerate(codes.table("safety_cup_item").labels):
            _new(act, SafetyCupScore, safety_cup_unit=cup, item=item, self_score=Decimal(10), review_score=Decimal("8.5") if n == 4 else Decimal(8) if n == 7 else Decimal(10), note="隐患台账缺两次销号" if n == 4 else "没有演练记录" if n == 7 else None)
        _new(act, WomenActivity, name="女职工健康体检", kind="健康体检", held_on=_day(today, 60), place="街道社区卫生服务中心", people=42, cost=Decimal(6300))


def _new(act: Act, register: type[Record], **values: Any) -> str:
    return act.create(register, values)


def _day(today: date, back: int) -> PartialDate:
    """So many days ago."""
    return PartialDate.of(today - timedelta(days=back))


def _own_union(office: Office, people: list[Member], today: date) -> None:
    union = own_union(office).id
    with office.act(ActKind.EDIT, "练习：组织、干部和预算") as act:
        act.change(Union, union, {"area_code": "110105", "organisation_form": "单独建会"})
        group = _new(act, UnionGroup, name="机加工分会", kind="分会", department=people[0].department, leader=people[0].id, member_count=38)
        _new(act, UnionGroup, name="一班工会小组", kind="工会小组", parent=group, leader=people[1].id, member_count=12)
        _new(act, Employer, name="北京练习机电设备有限公司", uscc="91110105MA00000012", employee_count=260)
        for position, member in (("主席", people[40]), ("女职工委员会主任", people[41]), ("经审委员", people[42])):
            _new(act, Officer, position=position, member=member.id, full_name=member.full_name, is_full_time=position == "主席", elected_on=_day(today, 1000), term_from=_day(today, 1000), term_to=PartialDate.of(today + timedelta(days=60)))
        for programme, name, amount, earmark in (("技能补贴", "技能人才助推", 20_000, None), ("职工培训", "职工技能培训", 30_000, "只用于职工培训"), ("职工创新", "创新工作室", 50_000, None)):
            line = _new(act, BudgetLine, year=today.year, programme=programme, name=name, amount=Decimal(amount), source="区总工会拨款", earmark=earmark, document_no="练习〔2026〕1号")
            _new(act, LedgerEntry, booked_on=_day(today, 150), voucher_no=f"{programme[:2]}-001", programme=programme, budget_line=line, source="区总工会拨款", summary=f"{name}拨款", received=Decimal(amount))


def _contest(office: Office, people: list[Member], today: date) -> str:
    """A contest that is over; the third is promoted to 高级工. The certificate won by the third."""
    with office.act(ActKind.EDIT, "练习：办过的竞赛") as act:
        contest = _new(
            act, Competition, name=f"{today.year} 年街道焊工技能比武", kind="职业技能竞赛", competition_class="区级", organizer_unit="三里屯街道总工会", trades="焊工", starts_on=_day(today, 45), ends_on=_day(today, 40),
            place="街道实训基地", first_prizes=1, second_prizes=1, third_prizes=1, photo_rule="市级竞赛蓝底照", theory_weight=30,
        )
        _new(act, CompetitionTrade, competition=contest, trade="焊工", occupation_code="6-18-02-04", occupation_edition="2015", pass_level="四级/中级工", pass_score=Decimal(60), promotion_ranks=3, promotion_level="三级/高级工", source="比武通知（练习）")
        final = _new(act, CompetitionRound, competition=contest, name="决赛", starts_on=_day(today, 40), place="街道实训基地")
        _new(act, Team, competition=contest, name="机加工队", unit="机加工分会", leader="王班长", coach="李师傅")
    entered = entries.enter(office, contest, "焊工", [p.id for p in people]).entries
    competitions.enter_scores(office, contest, final, {entry: (str(theory), str(practical), False) for entry, (theory, practical) in zip(entered, MARKS, strict=True)})
    competitions.settle(office, contest)
    made = competitions.certify(office, contest, issued_on=_day(today, 30), issuing_body="北京市某某技能评价中心")
    with office.act(ActKind.EDIT, "练习：补证书编号、联网核验") as act:
        for n, certificate in enumerate(made, 1):
            level = act.current(Certificate, certificate)["skill_level"]
            act.change(Certificate, certificate, {"certificate_no": f"S000011000123{_day(today, 30).year % 100:02}{'3' if level == '三级/高级工' else '4'}{n:06}", "is_verified": True})
    return made[2]


def _claim(office: Office, certificate: str, today: date) -> None:
    """Proposed, printed, packed, approved above, paid and booked: only the district's part is made up."""
    claim = making.propose(office, certificate)
    form_jobs.was_printed(office, form_jobs.job_named(office, "subsidy_application", [claim]))
    with office.act(ActKind.PACKAGE, "练习：当作已经报送") as act:
        act.change(SubsidyApplication, claim, {"state": PACKED}, checked=True)
        amount = act.current(SubsidyApplication, claim)["amount"]
    with office.act(ActKind.RECEIPT, "练习：当作区里已经批复") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": amount, "decision": "同意（练习）"}, checked=True)
    line = next(b.line for b in _balances(office, today.year) if b.programme == "技能补贴")
    funds.pay_claim(office, claim, budget_line=line, voucher_no="技补-002")


def _balances(office: Office, year: int) -> list[funds.Balance]:
    with office.vault.engine.connect() as connection:
        return funds.balances(connection, year)


def _training(office: Office, people: list[Member], today: date) -> None:
    with office.act(ActKind.EDIT, "练习：培训班") as act:
        course = _new(
            act, Training, name="岗位能力提升：安全用电", class_name="第一期", kind="岗位能力提升", way="购买服务", training_body="北京练习职业技能培训学校", teacher="赵老师", starts_on=_day(today, 20), ends_on=_day(today, 10),
            place="职工之家", class_hours=16, passing_hours=12, passing_score=Decimal(60), planned_count=20, budget=Decimal(8000), cost=Decimal(7200), is_free=True, state="结束",
        )
    trainings.enrol(office, course, [p.id for p in people])
    trainings.open_sitting(office, course, datetime.combine(today - timedelta(days=18), datetime.min.time()).replace(hour=9).astimezone())
    with office.reading() as session:
        students = list(session.scalars(select(Enrolment.id).where(Enrolment.training == course).order_by(Enrolment.rowno)))
    with office.act(ActKind.EDIT, "练习：考核成绩") as act:
        for n, student in enumerate(students):
            act.change(Enrolment, student, {"hours_attended": 16 if n else 8, "score": Decimal(75 + n)})
    trainings.settle(office, course)


def _innovation(office: Office, people: list[Member], today: date) -> None:
    leader = people[0]
    with office.act(ActKind.EDIT, "练习：创新工作室") as act:
        studio = _new(
            act, Studio, name=f"{leader.full_name}创新工作室", studio_kind="职工创新工作室", level="区级", founded_on=_day(today, 900), named_on=_day(today, 300), named_until=PartialDate.of(today + timedelta(days=70)), leader=leader.id,
            area=60, equipment="焊机四台、检测台一套", yearly_funds=Decimal(30_000), apprentices=6, promoted=4, rules_and_plan="每月一次攻关会，每年两项成果。", state="已命名",
        )
        for n, member in enumerate(people[1:5]):
            _new(act, StudioMember, studio=studio, member=member.id, full_name=member.full_name, skill=member.skill_level or "三级/高级工", duty=("工艺", "电气", "检验", "资料")[n])
        _new(act, StudioReview, studio=studio, year=today.year, event="年度考核", result_count=2, activity_count=11, conclusion="合格")
        project = _new(
            act, Project, name="风管焊接工装改造", studio=studio, leader=leader.id, level="区级", approved_on=_day(today, 200) if _day(today, 200).year == today.year else PartialDate(today.year, 1, 5), approval_no="练习〔2026〕3号",
            start_money=Decimal(10_000), starts_on=_day(today, 180), ends_on=PartialDate.of(today + timedelta(days=300)), goal="焊接工时减少三成", phase="试用",
        )
        result = _new(act, Result, name="可调式风管焊接胎架", kind="新工艺", year=today.year, studio=studio, project=project, member=leader.id, others=people[1].full_name, units="北京练习机电设备有限公司", ends_on=_day(today, 30), points="一人可完成定位\n三种管径通用", benefit=Decimal(120_000), intention="许可")
        _new(act, Patent, name="一种可调式焊接胎架", kind="实用新型", patent_no="ZL202310123456.6", owner="北京练习机电设备有限公司", is_service=True, member=leader.id, front_line=True, applied_on=_day(today, 800), grant_published_on=_day(today, 400), state="授权", in_use=True, result=result)
        for n, (name, adopted) in enumerate((("配电箱加装计时开关", True), ("班后工具归位牌", True), ("雨天卸货通道", False))):
            _new(act, Proposal, name=name, kind="小建议" if n else "合理化建议", member=people[n].id, unit=people[n].department, proposed_on=_day(today, 90 + n), measures="见附图", technical_score=Decimal(24 - n), economic_score=Decimal(22), range_score=Decimal(15), practical_score=Decimal(17), is_adopted=adopted, is_carried_out=adopted, reward=Decimal(300) if adopted else None)


def _honours(office: Office, member: Member, today: date) -> None:
    with office.act(ActKind.EDIT, "练习：荣誉") as act:
        _new(act, Honour, kind="北京市劳动模范", level="省部", member=member.id, awarded_on=PartialDate(today.year - 6), issuer="北京市人民政府", certificate_no="练习-0001", deeds="带班十五年，没有一起安全事故。")
        _new(act, HonourUpdate, member=member.id, happened_on=_day(today, 120), kind="职务变动", text="任机加工分会安全员。")
        _new(
            act, Nomination, kind="首都劳动奖章", year=f"{today.year} 年度", member=member.id, worker_kind="一线职工", honours=f"{today.year - 6} 年北京市劳动模范", short_deeds="带班十五年，没有一起安全事故；带徒六人，四人晋级。", deeds="（练习）主要事迹从这里写起。",
            congress_on=_day(today, 30), voters=62, votes=60, notice_from=_day(today, 28), notice_to=_day(today, 14), notice_place="厂区公告栏", objections="无异议", employer_clean=True, state="校验通过",
        )

