"""Invented people and events for the practice union. ID numbers have right check digits and no owner."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.services.office import Office
from app.services.records import Act, ActKind
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


def people() -> list[dict[str, Any]]:
    """The same invented members every time."""
    chance = random.Random(2026)
    made = [_member(chance, n) for n in range(PEOPLE)]
    made[20] |= {"membership_event": "转出", "membership_event_date": PartialDate(2025, 9)}
    return made


def furnish(office: Office) -> None:
    """Fill an empty practice union: members, a lecture today, a competition, certificates. One act."""
    today = office.clock().astimezone().date()
    chance = random.Random(today.year)
    with office.act(ActKind.IMPORT, "建立练习数据") as act:
        ids = act.create_many(Member, people())
        _events(act, office)
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


def plan_events(office: Office) -> None:
    """A lecture today and a competition, without people: the demonstration imports those."""
    with office.act(ActKind.EDIT, "安排讲座和竞赛") as act:
        _events(act, office)


def _events(act: Act, office: Office) -> None:
    now = office.clock().astimezone()
    today = now.date()
    act.create(
        Lecture,
        {"topic": "职工健康大讲堂：颈腰椎防护", "theme": "健康", "form": "主题讲座", "starts_at": datetime.combine(today, datetime.min.time(), now.tzinfo).replace(hour=14), "place": "一层报告厅",
         "capacity": 260, "planned_count": PEOPLE, "speaker": "王医生", "organizer_unit": "三里屯街道总工会", "walk_ins_allowed": True, "state": "签到中"},
    )
    act.create(
        Competition,
        {"name": f"{today.year} 年朝阳区职工职业技能竞赛", "competition_class": "区级", "organizer_unit": "朝阳区总工会", "trades": "电工、焊工、中式烹调师",
         "entry_deadline": PartialDate.of(today + timedelta(days=30)), "starts_on": PartialDate.of(today + timedelta(days=45))},
    )


def write_workbook(path: Path) -> None:
    """The practice members as an HR department would send them: title lines, a two-row header, doubts, a total, notes."""
    from openpyxl import Workbook  # 0.4 s to import

    book = Workbook()
    sheet = book.active
    sheet.title = "在职职工"
    sheet.append(["北京练习机电设备有限公司工会会员花名册"])
    sheet.append(["填报单位（盖章）：                    填报日期："])
    sheet.append(["序号", "姓  名", "性别", "公民身份\n号码", "出生\n年月", "民族", "基本情况", "", "联系方式", "工作信息", "", "", ""])
    sheet.append(["", "", "", "", "", "", "学历", "政治面貌", "手机", "所在部门", "工种/岗位", "工号", "入会年月"])
    sheet.merge_cells("A1:M1")
    sheet.merge_cells("G3:H3")
    sheet.merge_cells("J3:M3")
    for column in "ABCDEF":
        sheet.merge_cells(f"{column}3:{column}4")
    made = people()
    for n, p in enumerate(made, 1):
        number: str | float = float(p["id_number"][:17] + "0") if n in (40, 90) else p["id_number"]
        name = p["full_name"] if n % 7 else " ".join(p["full_name"])
        born = p["birth_date"]
        birth = str(born) if n % 3 else f"{born.year}.{born.month}"
        gender = {"男": "1", "女": "2"}[p["gender"]] if n % 11 == 0 else p["gender"]
        mobile = p["mobile"] if n != 60 else p["mobile"][:10]
        sheet.append([n, name, gender, number, birth, p["ethnicity"].removesuffix("族") if n % 2 else p["ethnicity"], p["education"], p["political_status"], mobile, p["department"], p["post"], p["employee_no"], str(p["joined_on"])])
    sheet.append(["合计", f"{len(made)}人"])
    sheet.append(["注：1.身份证号码请认真核对；2.入会时间填写到月。"])
    sheet.append(["填表人：          审核人：          联系电话："])
    book.save(path)
