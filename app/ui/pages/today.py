"""What is due today, what is unsent, how the year stands."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.services import person, statistics
from app.services.listing import Hit
from app.services.office import Office
from app.services.roster import batch
from app.services.statistics import Target, Today
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, Icon, ScrollPage, button, clear, label, row

WEEKDAYS = "一二三四五六日"


class TodayPage(ScrollPage):
    """Cards; every line that asks for something has the button that does it."""

    door_wanted = Signal(str)
    apply_wanted = Signal()
    record_wanted = Signal(object)
    export_wanted = Signal()
    import_wanted = Signal()
    lecture_wanted = Signal()
    backup_wanted = Signal()
    ledger_wanted = Signal()
    person_wanted = Signal(str)
    figure_wanted = Signal(str)
    lacking_wanted = Signal(str, str)
    """A field that some members lack, and how it is said."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office
        self._grid = grid = QGridLayout()
        grid.setSpacing(px(16))
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        self.content.addLayout(grid, 1)
        self.due, self.targets, self.roster = Card(tr("要办的事")), Card(), Card(tr("名册"))
        grid.addWidget(self.due, 0, 0, 1, 2)
        grid.addWidget(self.targets, 1, 0)
        grid.addWidget(self.roster, 1, 1)
        grid.setRowStretch(1, 1)
        self._due_box, self._target_box, self._roster_box = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for box in (self._due_box, self._target_box, self._roster_box):
            box.setSpacing(px(10))
        self.due.body.addLayout(self._due_box)
        self.due.body.addStretch(1)
        self._year = label("", "section")
        self.targets.body.addWidget(self._year)
        self.targets.body.addLayout(self._target_box)
        self.targets.body.addStretch(1)
        self.roster.body.addLayout(self._roster_box)
        self.roster.body.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one under the other."""
        super().resizeEvent(event)
        narrow = self.width() < px(760)
        self._grid.addWidget(self.targets, 1, 0, 1, 2 if narrow else 1)
        self._grid.addWidget(self.roster, 2 if narrow else 1, 0 if narrow else 1, 1, 2 if narrow else 1)

    def arrived(self) -> None:
        now = self.office.clock().astimezone()
        self.heading.setText(f"{tr('今天')}　{now.month}月{now.day}日 星期{WEEKDAYS[now.weekday()]}")
        self._year.setText(tr("{year} 年目标").format(year=now.year))
        with self.office.vault.engine.connect() as connection:
            found = statistics.today(connection, now, hidden=self.office.hidden)
        with self.office.reading() as session:
            waiting = [e for e in batch.ledger(session) if e.waits]
            overdue = person.due_for_erasure(session.connection(), now.date())
        self._show_due(found, now)
        self._show_roster_work(waiting, overdue)
        self._show_targets(found.targets)
        self._show_roster(found)

    def _show_due(self, found: Today, now: datetime) -> None:
        clear(self._due_box)
        for lecture in found.lectures[:3]:
            starts = lecture.starts_at.astimezone()
            day = tr("今天") if starts.date() == now.date() else f"{starts.month}月{starts.day}日"
            planned = tr("，应到 {n} 人").format(n=lecture.planned) if lecture.planned else ""
            self._line("presentation", "accent", f"{day} {starts:%H:%M} {lecture.topic}{planned}", tr("已签到 {n} 人，离线可用").format(n=lecture.present), tr("打开签到"), partial(self.door_wanted.emit, lecture.id), primary=True)
        if found.claimable:
            first = found.claimable[0]
            soon = sum(c.last_day is not None and (c.last_day - now.date()).days <= 30 for c in found.claimable)
            text = tr("{n} 份补贴或助推将在 30 天内过期").format(n=soon) if soon else tr("{n} 份补贴或助推可以申请").format(n=len(found.claimable))
            self._line("banknote", "warn", text, tr("最早 {day}：{name}（{what}）").format(day=first.last_day or tr("没有期限"), name=first.full_name or first.claim, what=first.title), tr("看谁能申请"), self.apply_wanted.emit)
        if found.unsent:
            self._line("send", "accent", tr("有 {n} 条变化还没有送到区里").format(n=found.unsent), _first_of(found.unsent_sentence), tr("导出到 U 盘"), self.export_wanted.emit)
        for one in found.reminders[:3]:
            self._line("calendar-days", "warn", one.text, one.detail, tr("打开"), partial(self.record_wanted.emit, Hit(one.register, one.id, "", "")))
        if found.silence is not None:
            self._line("inbox", "warn", tr("报送以后 {n} 天没有收到区里的回执").format(n=found.silence), tr("请打电话问一下，数据包可能没有送到；再导出一次也不会重复。"), tr("看报送记录"), self.export_wanted.emit)
        for above in found.plan[:2]:
            when = above.starts_at
            seats = tr("，名额 {n}").format(n=above.seats) if above.seats else ""
            self._line("calendar-days", "accent", tr("区里的讲座：{topic}").format(topic=above.topic), f"{when.month}月{when.day}日 {when:%H:%M}　{above.place}{seats}", tr("安排讲座"), self.lecture_wanted.emit)
        if found.roster.members == 0:
            self._line("users", "accent", tr("名册还是空的"), tr("把人事科的表格拖进来就行。"), tr("导入名册"), self.import_wanted.emit, primary=True)
        elif not found.lectures:
            self._line("presentation", "accent", tr("这一周没有讲座"), tr("先把计划记下来，到时候这里会提醒。"), tr("安排讲座"), self.lecture_wanted.emit)

    def _show_roster_work(self, waiting: list[batch.Entry], overdue: list[str]) -> None:
        if waiting:
            names = "、".join(dict.fromkeys(e.file_name for e in waiting[:3]))
            self._line("inbox", "warn", tr("有 {n} 个名册表没办完").format(n=len(waiting)), names, tr("接着办"), self.ledger_wanted.emit)
        if overdue:
            self._line("eraser", "warn", tr("{n} 人的个人信息过了保存期限").format(n=len(overdue)), tr("打开这个人，在“…”里清除，或改“保存到”的日期。"), tr("打开第一位"), lambda: self.person_wanted.emit(overdue[0]))

    def _line(self, icon: str, token: str, text: str, detail: str, action: str, do: Callable[[], object], *, primary: bool = False) -> None:
        line = QWidget()
        box = QHBoxLayout(line)
        box.setContentsMargins(0, px(4), 0, px(4))
        box.setSpacing(px(14))
        box.addWidget(Icon(icon, token, 22, tile=True))
        words = QVBoxLayout()
        words.setSpacing(px(2))
        main, small = label(text, wrap=True), label(detail, "secondary", wrap=True)
        words.addWidget(main)
        words.addWidget(small)
        box.addLayout(words, 1)
        box.addWidget(button(action, do, primary=primary))
        self._due_box.addWidget(line)

    def _show_targets(self, targets: tuple[Target, ...]) -> None:
        clear(self._target_box)
        for target in targets:
            tone = "good" if target.reached >= target.wanted > 0 else "accent" if target.reached * 2 >= target.wanted else "warn"
            head = QHBoxLayout()
            head.addWidget(_link(target.title, partial(self.figure_wanted.emit, target.count)))
            head.addStretch(1)
            head.addWidget(label(f"{target.reached:,} / {target.wanted:,} {target.unit}" if target.wanted else f"{target.reached:,} {target.unit}", tone))
            bar = QProgressBar()
            bar.setRange(0, max(target.wanted, 1))
            bar.setValue(min(target.reached, max(target.wanted, 1)))
            bar.setTextVisible(False)
            bar.setProperty("tone", tone)
            bar.setAccessibleName(f"{target.title} {target.reached} / {target.wanted} {target.unit}")
            bar.setToolTip(tr("依据：{source}").format(source=target.source) + (tr("；全区 {n:,} {unit}").format(n=target.district, unit=target.unit) if target.district else ""))
            self._target_box.addLayout(head)
            self._target_box.addWidget(bar)

    def _show_roster(self, found: Today) -> None:
        clear(self._roster_box)
        state = found.roster
        big = QLabel(f"{state.members:,}")
        big.setObjectName("big")
        self._roster_box.addWidget(big)
        said = (("members", tr("在册会员")), ("women", tr("女 {n}").format(n=f"{state.women:,}")), ("migrants", tr("农民工 {n}").format(n=f"{state.migrants:,}")))
        self._roster_box.addLayout(row(*(_link(text, partial(self.figure_wanted.emit, name)) for name, text in said), None))
        backup = self.office.vault.last_backup()
        if not state.members:
            self._roster_box.addWidget(label(tr("还没有会员。"), "secondary"))
            return
        lines = [
            ("id_number", state.without_number == 0, tr("身份证号都有了") if state.without_number == 0 else tr("{n} 人缺身份证号").format(n=state.without_number)),
            ("mobile", state.without_mobile == 0, tr("手机号都有了") if state.without_mobile == 0 else tr("{n} 人缺手机号").format(n=state.without_mobile)),
            ("", backup is not None, tr("{when} 已备份并验证").format(when=f"{backup:%m-%d %H:%M}") if backup else tr("还没有备份")),
        ]
        for name, good, text in lines:
            box = QHBoxLayout()
            box.setSpacing(px(8))
            box.addWidget(Icon("circle-check" if good else "circle-alert", "good" if good else "warn", 18))
            box.addWidget(_link(text, partial(self.lacking_wanted.emit, name, text)) if name and not good else label(text))
            box.addStretch(1)
            self._roster_box.addLayout(box)
        if backup is None:
            self._roster_box.addWidget(button(tr("现在备份"), self.backup_wanted.emit, icon_name="database-backup"))


def _link(text: str, clicked: Callable[[], object]) -> QPushButton:
    """Words that lead to the records behind them."""
    made = button(text, clicked, flat=True, tip=tr("看是哪些：{title}").format(title=text))
    made.setProperty("link", True)
    return made


def _first_of(sentence: str, most: int = 5) -> str:
    """会员 236 条，讲座 2 条……等 31 种: a line that is read at a glance."""
    parts = sentence.split("，")
    return sentence if len(parts) <= most else tr("{first}……等 {n} 种").format(first="，".join(parts[:most]), n=len(parts))
