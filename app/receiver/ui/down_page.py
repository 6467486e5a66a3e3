"""下发: what every office gets with its next answer."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDate, QDateTime
from PySide6.QtWidgets import QDateEdit, QDateTimeEdit, QFileDialog, QFormLayout, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from app.receiver import items
from app.receiver.district import Receiver
from app.receiver.items import Item
from app.receiver.ui.parts import Column, DistrictPage, Grid, day
from app.services.exchange.items import key_of, shipped_rows
from app.ui.dialog import FramedDialog
from app.ui.policy_row import RowForm
from app.ui.text import tr
from app.ui.widgets import QuietCombo, button, label, row
from db import codes
from db.problems import UserError
from db.registers.district import ITEM_KINDS


class ItemDialog(FramedDialog):
    """A form over one item; `body` is what goes down."""

    enter_accepts = False

    title = ""

    def __init__(self, parent: QWidget | None = None, before: Mapping[str, Any] | None = None) -> None:
        super().__init__(parent, self.title, 560, 460)
        self.old: Mapping[str, Any] = before or {}
        inner = self.scrolled()
        column = QVBoxLayout(inner)
        self.form = QFormLayout()
        column.addLayout(self.form)
        column.addStretch(1)
        self.ask()
        self.box.addWidget(self.banner)
        self.foot(tr("存下"))

    def ask(self) -> None:
        """Put the fields into the form."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        raise NotImplementedError

    @property
    def body(self) -> dict[str, Any]:
        raise NotImplementedError

    def line(self, title: str, text: str = "") -> QLineEdit:
        made = QLineEdit(text)
        made.setAccessibleName(title)
        self.form.addRow(title, made)
        return made

    def day_of(self, title: str, text: str) -> QDateEdit:
        made = QDateEdit(QDate.fromString(text, "yyyy-MM-dd"))
        made.setDisplayFormat("yyyy-MM-dd")
        made.setCalendarPopup(True)
        made.setAccessibleName(title)
        self.form.addRow(title, made)
        return made


class LectureDialog(ItemDialog):
    """A lecture of the district's plan."""

    title = tr("讲座计划")

    def ask(self) -> None:
        old = self.old
        self.topic = self.line(tr("题目"), str(old.get("topic", "")))
        self.at = QDateTimeEdit(QDateTime.fromString(str(old.get("starts_at", ""))[:16], "yyyy-MM-ddTHH:mm") if old else QDateTime.currentDateTime().addDays(14))
        self.at.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.at.setAccessibleName(tr("时间"))
        self.form.addRow(tr("时间"), self.at)
        self.place = self.line(tr("地点"), str(old.get("place", "")))
        self.seats = self.line(tr("名额"), str(old.get("seats", "")))

    @property
    def key(self) -> str:
        return f"{self.at.dateTime().toString('yyyyMMdd')} {self.topic.text().strip()}"

    @property
    def body(self) -> dict[str, Any]:
        starts = datetime.strptime(self.at.dateTime().toString("yyyy-MM-dd HH:mm"), "%Y-%m-%d %H:%M").astimezone()
        return {"topic": self.topic.text().strip(), "starts_at": starts.isoformat(), "place": self.place.text().strip(), "seats": self.seats.text().strip()}


class RowDialog(ItemDialog):
    """A dated row of policy: one of those that the program brings, or one that went down before, with other values from a day on."""

    kind = ""

    def ask(self) -> None:
        self.which = QuietCombo()
        self.which.setAccessibleName(tr("哪一条"))
        for row_ in ([self.old] if self.old else shipped_rows(self.kind)):
            self.which.addItem(str(row_["title"]), dict(row_))
        self.form.addRow(tr("哪一条"), self.which)
        if self.kind == "policy":
            self.id = self.line(tr("编号"))
            self.name = self.line(tr("名称"))
        self.begins = self.day_of(tr("从哪天起"), str(self.old.get("valid_from", f"{date.today().year}-01-01")))
        self.values = RowForm(self.form)
        self.source = self.line(tr("文号依据"), str(self.old.get("source", "")))
        self.which.currentIndexChanged.connect(lambda _n: self._chosen())
        self._chosen()

    def _chosen(self) -> None:
        row_ = self.which.currentData()
        if self.kind == "policy":
            self.id.setText(str(row_["id"]) if self.old else f"{str(row_['id']).partition('-')[0]}-CY{date.today().year}")
            self.name.setText(str(row_["title"]))
        self.values.show(self.kind, row_)

    @property
    def key(self) -> str:
        return key_of(self.kind, {**self.which.currentData(), **({"id": self.id.text().strip()} if self.kind == "policy" else {}), "valid_from": self.begins.date().toString("yyyy-MM-dd")})

    @property
    def body(self) -> dict[str, Any]:
        named = {"id": self.id.text().strip(), "title": self.name.text().strip()} if self.kind == "policy" else {}
        return {**self.which.currentData(), **named, "scope": "district", "source": self.source.text().strip(), "valid_from": self.begins.date().toString("yyyy-MM-dd"), **self.values.changes()}


class TargetDialog(RowDialog):
    """What one office should reach in a year."""

    title, kind = tr("年度指标"), "target"


class PolicyDialog(RowDialog):
    """Amounts, window, caps and conditions of a claim, from a day on."""

    title, kind = tr("补贴政策"), "policy"


class RuleDialog(RowDialog):
    """A single number that rules ask for."""

    title, kind = tr("规则数值"), "rule"


class PledgeDialog(RowDialog):
    """What applicants sign for."""

    title, kind = tr("承诺文字"), "pledge"


class PhotoDialog(RowDialog):
    """What a portrait photograph must be."""

    title, kind = tr("照片要求"), "photo"


class HonourDialog(RowDialog):
    """What an honour is: whose, of which level, given by whom."""

    title, kind = tr("荣誉称号"), "honour"


class CodeDialog(ItemDialog):
    """A word more in a code table."""

    title = tr("代码表")

    def ask(self) -> None:
        old = self.old
        self.table = QuietCombo()
        self.table.setAccessibleName(tr("哪张表"))
        for table in codes.tables():
            self.table.addItem(f"{table.name}（{'、'.join(table.labels[:3])}…）", table.name)
        self.table.setCurrentIndex(max(self.table.findData(old.get("table")), 0))
        self.form.addRow(tr("哪张表"), self.table)
        self.term = self.line(tr("新词"), str(old.get("term", "")))
        self.aliases = self.line(tr("别的写法（用顿号分开）"), "、".join(old.get("aliases", ())))

    @property
    def key(self) -> str:
        return f"{self.table.currentData()} {self.term.text().strip()}"

    @property
    def body(self) -> dict[str, Any]:
        return {"table": self.table.currentData(), "term": self.term.text().strip(), "aliases": [a.strip() for a in self.aliases.text().split("、") if a.strip()]}


DIALOGS: Mapping[str, type[ItemDialog]] = {"lecture-plan": LectureDialog, "target": TargetDialog, "policy": PolicyDialog, "rule": RuleDialog, "pledge": PledgeDialog, "photo": PhotoDialog, "honour": HonourDialog, "code": CodeDialog}


def said(item: Item) -> str:
    """What an item says, in a line."""
    if item.body is None:
        return tr("（已收回，各单位读入下一份回执后就没有了）")
    body = item.body
    match item.kind:
        case "lecture-plan":
            return f"{day(str(body['starts_at']))}　{body['place']}　{body.get('seats', '')}"
        case "target":
            return tr("{title}：每个单位 {wanted} {unit}，{source}").format(**body)
        case "policy":
            return "，".join(f"{level['level']} {level['amount']}" for level in body["levels"]) + f"；{body['source']}"
        case "code":
            also = "、".join(body.get("aliases", ()))
            return tr("新词：{term}").format(term=body["term"]) + (tr("，也写作{also}").format(also=also) if also else "")
        case "rule":
            return f"{body['title']} {body['value']}；{body['source']}"
        case "pledge":
            return f"{body['title']}：{body['text']}"
        case "photo":
            return tr("{title}：{wide}×{high} 毫米，{source}").format(title=body["title"], wide=body["frame_mm"][0], high=body["frame_mm"][1], source=body["source"])
        case "honour":
            return tr("{title}：发给{holder}，{level}").format(title=body["title"], holder=body["holder"], level=body["level"] or tr("几级都有"))
        case "form":
            return tr("{n} 字").format(n=len(str(body["toml"])))
    return json.dumps(body, ensure_ascii=False)[:120]


class DownPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("下发"))
        self.grid = Grid(tr("下发的内容"), [
            Column(tr("种类"), 110, lambda i: ITEM_KINDS[i.kind]), Column(tr("名称"), 260, lambda i: i.key), Column(tr("内容"), 420, said, lambda i: "" if i.body is not None else "secondary"), Column(tr("经手"), 160, lambda i: f"{i.operator} {day(i.at)[:10]}"),
        ], empty=tr("还没有下发什么。上面选一种，写好以后随各单位的下一份回执下去。"))
        self.grid.moved.connect(self._show_one)
        self.grid.doubleClicked.connect(lambda _index: self._edit())
        self.edit_button = button(tr("修改…"), self._edit, icon_name="pencil")
        self.drop_button = button(tr("收回…"), self._ask_drop, danger=True)
        self.body.addWidget(label(tr("这里的内容随每个单位的下一份回执下去，整套替换上一次的。"), "secondary", wrap=True))
        makers = [button(title, partial(self._make, kind), icon_name="plus") for kind, title in (("lecture-plan", tr("讲座")), ("target", tr("指标")), ("policy", tr("补贴政策")), ("rule", tr("规则数值")), ("pledge", tr("承诺")), ("photo", tr("照片")), ("honour", tr("荣誉")), ("code", tr("代码")))]
        self.body.addLayout(row(*makers, button(tr("表格…"), self._ask_form, icon_name="plus"), None))
        self.body.addWidget(self.grid, 1)
        self.body.addLayout(row(None, self.drop_button, self.edit_button))

    def first_focus(self) -> QWidget:
        return self.grid

    def arrived(self) -> None:
        self.grid.fill(items.all_items(self.receiver))
        self._show_one()

    def _show_one(self) -> None:
        one: Item | None = self.grid.one
        self.edit_button.setEnabled(one is not None and one.kind in DIALOGS)
        self.drop_button.setEnabled(one is not None and one.body is not None)

    def _make(self, kind: str, before: Item | None = None) -> None:
        dialog = DIALOGS[kind](self, before.body if before else None)
        while dialog.exec():
            try:
                key, body = dialog.key, dialog.body
                items.put(self.receiver, kind, key, body)
            except UserError as e:
                dialog.banner.say(str(e))
                continue
            if before is not None and before.key != key:
                items.put(self.receiver, kind, before.key, None)
            self.banner.say(tr("已记下，随各单位的下一份回执下去。"), "good")
            self.arrived()
            return

    def put(self, kind: str, key: str, body: Mapping[str, Any] | None) -> bool:
        return self.trying(lambda: items.put(self.receiver, kind, key, body), tr("已记下，随各单位的下一份回执下去。"))

    def _edit(self) -> None:
        one: Item | None = self.grid.one
        if one is not None and one.kind in DIALOGS:
            self._make(one.kind, one)

    def _ask_drop(self) -> None:
        one: Item = self.grid.one
        if QMessageBox.question(self, tr("收回"), tr("收回“{key}”？各单位读入下一份回执以后就没有了。").format(key=one.key)) == QMessageBox.StandardButton.Yes:
            self.put(one.kind, one.key, None)

    def _ask_form(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, tr("表格的文件夹（里面有 form.toml）")):
            self.trying(lambda: items.put_form(self.receiver, Path(chosen)), tr("已记下，随各单位的下一份回执下去。"))

