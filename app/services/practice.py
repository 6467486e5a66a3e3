"""Invented people and events for the practice union. ID numbers have right check digits and no owner."""

import random
from datetime import date, datetime, timedelta
from typing import Any

from app.services.office import Office
from app.services.records import ActKind
from db import identity
from db.dates import PartialDate
from db.registers import Certificate, Competition, Lecture, Member

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红建文宇浩晨雪琳佳宁欣悦子轩思雨嘉怡志远海涵晓梅国庆春燕立新长福顺"
_RARE = ("欧阳建国", "阿依古丽·买买提", "王䶮", "尉迟雪", "覃思远", "单文静")
_DEPARTMENTS = ("综合办公室", "生产一车间", "生产二车间", "机修车间", "质量检验科", "信息中心", "财务科", "餐饮部", "安保队", "物业服务部")
_POSTS = ("维修电工", "焊工", "会计", "保安员", "计算机操作员", "中式烹调师", "驾驶员", "质检员", "客服专员", "电梯维修工")
PEOPLE = 236


def _member(chance: random.Random, n: int) -> dict[str, Any]:
    name = _RARE[n] if n < len(_RARE) else chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2))))
    born = date(1966, 1, 1) + timedelta(days=chance.randrange(13_500))
    order = chance.randrange(10, 999)
    first = f"{chance.choice(('110105', '110108', '130102', '210203', '370102', '410105', '510104'))}{born:%Y%m%d}{order:03}"
    number = first + identity.resident_check_digit(first)
    joined = max(born + timedelta(days=366 * 20 + chance.randrange(3000)), date(1986, 1, 1))
    return {
        "full_name": name, "gender": identity.gender_of(number), "id_number": number, "id_type": "居民身份证", "birth_date": PartialDate.of(born),
        "ethnicity": "维吾尔族" if "·" in name else chance.choice(("汉族",) * 9 + ("满族", "回族")), "education": chance.choice(("本科", "大专", "高中", "中专")),
        "political_status": chance.choice(("群众", "群众", "共青团员", "中共党员")), "mobile": f"13{chance.randrange(10**8, 10**9)}", "department": chance.choice(_DEPARTMENTS),
        "post": chance.choice(_POSTS), "employee_no": f"B{10001 + n}", "joined_on": PartialDate(min(joined.year, 2025), joined.month),
        "is_migrant_worker": chance.random() < 0.25, "employment_form": "正式职工", "employment_status": "在岗", "membership_event": "入会",
    }


def furnish(office: Office) -> None:
    """Fill an empty practice union: members, a lecture today, a competition, certificates. One act."""
    chance = random.Random(2026)
    now = office.clock().astimezone()
    today = now.date()
    with office.act(ActKind.IMPORT, "建立练习数据") as act:
        people = [_member(chance, n) for n in range(PEOPLE)]
        people[20] |= {"membership_event": "转出", "membership_event_date": PartialDate(today.year - 1, 9)}
        ids = act.create_many(Member, people)
        starts = datetime.combine(today, datetime.min.time(), now.tzinfo).replace(hour=14)
        act.create(
            Lecture,
            {"topic": "职工健康大讲堂：颈腰椎防护", "theme": "健康", "form": "主题讲座", "starts_at": starts, "place": "一层报告厅", "capacity": 260, "planned_count": PEOPLE, "speaker": "王医生",
             "organizer_unit": "三里屯街道总工会", "walk_ins_allowed": True, "state": "签到中"},
        )
        act.create(
            Competition,
            {"name": f"{today.year} 年朝阳区职工职业技能竞赛", "competition_class": "区级", "organizer_unit": "朝阳区总工会", "trades": "电工、焊工、中式烹调师",
             "entry_deadline": PartialDate.of(today + timedelta(days=30)), "starts_on": PartialDate.of(today + timedelta(days=45))},
        )
        levels = ("四级/中级工", "三级/高级工", "五级/初级工")
        issued = [today - timedelta(days=chance.randrange(20, 330)) for _ in range(12)]
        act.create_many(
            Certificate,
            [
                {"member": ids[n], "kind": "职业技能等级证书", "occupation": "电工" if n % 2 else "焊工", "skill_level": levels[n % 3],
                 "certificate_no": f"S000011000123{day:%y}{'435'[n % 3]}{n + 17:06}", "issuing_body": "北京市某某技能评价中心", "issued_on": PartialDate.of(day), "is_verified": True}
                for n, day in enumerate(issued)
            ],
        )
