"""Competitions: entries, rounds, scores, the safety cup (domain 4b, 4g, 5.4)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.services import files, policies
from app.services.crosschecks.asked import NEW, Asked, Values, at_the_end, member_of
from app.services.membership import MEMBER, NOT_YET, status_on
from app.services.records import table_of
from db import codes
from db.dates import PartialDate
from db.problems import Problem, warning
from db.registers import Competition, CompetitionRound, CompetitionTrade, Entry, SafetyCupScore, Team
from db.registers.competitions import trades_of
from db.registers.membership import LEFT


def entry(asked: Asked) -> list[Problem]:
    """Member on that day, a trade of the contest and its level, one entry per person and trade, no second team."""
    values, connection = asked.values, asked.connection
    contests, plans, entries = table_of(Competition), table_of(CompetitionTrade), table_of(Entry)
    contest = asked.once(("contest", values.get("competition")), lambda: connection.execute(select(contests).where(contests.c.id == values.get("competition"))).mappings().first())
    member = member_of(connection, values.get("member"))
    if contest is None or member is None:
        return []
    found = trade_of_contest(asked)
    when = values.get("entered_on") or contest["starts_on"] or contest["ends_on"]
    day = min(when.first_day(), asked.today) if isinstance(when, PartialDate) else asked.today
    found += in_time(asked, contest)
    if values.get("team") and asked.connection.execute(select(table_of(Team).c.competition).where(table_of(Team).c.id == values["team"])).scalar() != contest["id"]:
        found.append(Problem("other-contest", "参赛队不是这项竞赛的，请重新选。", "team"))
    state = state_on(asked, member, day)
    if state in LEFT:
        since = member["membership_event_date"] if member["membership_event"] == state else None
        found.append(Problem("not-a-member", f"{member['full_name']}{since.chinese() + '起' if since else ''}已{state}，不能报名。", "member"))
    elif state == NOT_YET:
        found.append(Problem("not-yet-a-member", f"{member['full_name']}还没有入会，不能报名。", "member"))
    plan = select(plans.c.lowest_level).where(plans.c.competition == contest["id"], plans.c.trade == values.get("trade"), plans.c.removed_at.is_(None))
    lowest = asked.once(("plan", contest["id"], values.get("trade")), lambda: connection.execute(plan).scalar())
    ladder = codes.table("skill_level")
    if lowest is not None and ladder.rank(lowest) and (member["skill_level"] is None or ladder.rank(member["skill_level"]) < ladder.rank(lowest)):
        said = f"{member['full_name']}的等级是“{member['skill_level'] or '没有填'}”，这个工种要“{lowest}”以上。"
        found.append(Problem("level-low", said, "member") if day >= asked.today else warning("level-low", said, "member"))  # of a contest long over only a look: the roster says today's level
    others = connection.execute(select(entries.c.id, entries.c.competition, entries.c.team, entries.c.entered_on).where(entries.c.member == member["id"], entries.c.trade == values.get("trade"), entries.c.removed_at.is_(None))).all()
    others = [o for o in others if o.id != asked.record_id]
    if any(o.competition == contest["id"] for o in others):
        found.append(Problem("entered-already", f"{member['full_name']}已经报过“{values.get('trade')}”，一人一工种只报一次。", "member"))
    elif values.get("team") and any(o.team and o.team != values["team"] and o.entered_on and o.entered_on.year == day.year for o in others):
        found.append(warning("two-teams", f"{member['full_name']}今年在同一工种还参加了别的队，请看一眼。", "team"))
    return found


def in_time(asked: Asked, contest: Values) -> list[Problem]:
    """Not after the entries were closed; with the photograph that the contest asks for."""
    values, found, deadline = asked.values, list[Problem](), contest["entry_deadline"]
    entered = values.get("entered_on")
    if asked.touches("entered_on", "competition") and deadline is not None and isinstance(entered, PartialDate) and entered.first_day() > deadline.last_day():
        found.append(Problem("after-deadline", f"报名已在 {deadline.chinese()} 截止，{entered.chinese()}报的名不收。", "entered_on"))
    if contest["photo_rule"] and asked.changed is not NEW:
        photo = next((body for of in (asked.record_id, values.get("member")) if of and (body := files.photo_of(asked.connection, of))), None)
        if photo is None:
            found.append(warning("photo-missing", f"这项竞赛要“{contest['photo_rule']}”，还没有照片，打印报名表以前请补上。", "member"))
    return found


def round(asked: Asked) -> list[Problem]:
    """A round of a trade that the contest has; weights that make a hundred for every trade. What does not yet is said: 60 and 40 become 70 and 30 one after the other."""
    values = asked.values
    found = trade_of_contest(asked)
    table, contests = table_of(CompetitionRound), table_of(Competition)
    others = asked.connection.execute(select(table.c.weight, table.c.trade).where(table.c.competition == values.get("competition"), table.c.id != (asked.record_id or ""), table.c.removed_at.is_(None))).all()
    trades = trades_of(asked.connection.execute(select(contests.c.trades).where(contests.c.id == values.get("competition"))).scalar())
    rounds = [(values.get("trade"), values.get("weight") or 0), *((o.trade, o.weight or 0) for o in others)]
    sums = {trade: sum(weight for of, weight in rounds if of in (None, trade)) for trade in ([values["trade"]] if values.get("trade") else trades)}
    wrong = next(((trade, total) for trade, total in sums.items() if total not in (0, 100)), None)
    if wrong is not None:
        found.append(warning("weights-not-all", f"“{wrong[0]}”各轮占总成绩现在加起来是 {wrong[1]}%，评定名次以前要正好 100%。", "weight"))
    return found


def trade_of_contest(asked: Asked) -> list[Problem]:
    """A trade must be one of the contest's."""
    values, contests = asked.values, table_of(Competition)
    written = asked.once(("trades", values.get("competition")), lambda: asked.connection.execute(select(contests.c.trades).where(contests.c.id == values.get("competition"))).scalar())
    trades = trades_of(written)
    if asked.touches("competition", "trade") and values.get("trade") and trades and values["trade"] not in trades:
        return [Problem("trade-unknown", f"这项竞赛没有“{values['trade']}”，可选的是：{'、'.join(trades)}。", "trade")]
    return []


def score(asked: Asked) -> list[Problem]:
    """A mark belongs to an entry of the round's own contest and trade."""
    rounds, entries = table_of(CompetitionRound), table_of(Entry)
    of = asked.connection.execute(select(rounds.c.competition, rounds.c.trade).where(rounds.c.id == asked.values.get("round"))).first()
    entry = asked.connection.execute(select(entries.c.competition, entries.c.trade).where(entries.c.id == asked.values.get("entry"))).first()
    if of is None or entry is None:
        return []
    if of.competition != entry.competition:
        return [Problem("other-contest", "轮次和选手不是同一项竞赛的，请重新选。", "entry")]
    return [Problem("other-trade", f"这一轮是“{of.trade}”的，选手报的是“{entry.trade}”。", "entry")] if of.trade and of.trade != entry.trade else []


def cup_score(asked: Asked) -> list[Problem]:
    """No line of the safety cup's sheet above what the rule gives it."""
    most = policies.rule(asked.connection, "safety_cup_item", asked.today).value
    return [Problem("score-too-large", f"每项最多 {most} 分。", name) for name in ("self_score", "review_score") if (asked.values.get(name) or 0) > most]


def cup(asked: Asked) -> list[Problem]:
    """An award wants its mark (domain 4g: 95 in the city, 98 in the nation)."""
    values, found = asked.values, list[Problem]()
    day = at_the_end(values.get("year"), asked.today)
    table = table_of(SafetyCupScore)
    given = asked.connection.execute(select(table.c.review_score).where(table.c.safety_cup_unit == asked.record_id, table.c.review_score.is_not(None), table.c.removed_at.is_(None))).scalars().all() if asked.record_id else []
    if given and values.get("score") is not None and len(given) >= len(codes.table("safety_cup_item").labels) and sum(given) != values["score"]:
        found.append(warning("score-other", f"评分表的复评合计是 {sum(given)} 分，这里是 {values['score']} 分，请核对。", "score"))
    least = policies.rule(asked.connection, "safety_cup_city", day)
    if values.get("award") and values.get("unit_kind") != "先进个人" and values.get("score") is not None and values["score"] < least.value:
        found.append(warning("score-low", f"考核 {values['score']} 分，市级优胜要 {least.value} 分以上（{least.source}），请看一眼。", "score"))
    return found


def state_on(asked: Asked, member: Values, day: date) -> str:
    """What the member was on that day; of today the roster's own fields say it."""
    if day < asked.today:
        return status_on(Session(asked.connection), member["id"], day).state
    since = member["membership_event_date"]
    if member["membership_event"] in LEFT and (since is None or since.first_day() <= day):
        return str(member["membership_event"])
    return NOT_YET if member["joined_on"] is not None and member["joined_on"].first_day() > day else MEMBER
