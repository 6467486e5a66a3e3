"""The policies that hold, each with its source; the administrator may set others from a day on. What was judged before stays as it was."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFormLayout, QLineEdit, QListWidget, QListWidgetItem, QPlainTextEdit, QScrollArea, QSizePolicy, QWidget

from app.services import policies
from app.services.exchange import items
from app.services.office import Office
from app.ui.asking import sure
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import button, label, row
from db.keyslots import Role
from db.problems import UserError

SCOPES = {"national": "国家", "city": "市", "district": "区", "own": "本工会"}


class PoliciesDialog(FramedDialog):
    """A list of rows at the left, one row's values at the right."""

    enter_accepts = False

    def __init__(self, parent: QWidget, office: Office) -> None:
        super().__init__(parent, tr("政策和规则"), 940, 600)
        self.office = office
        self.box.addWidget(self.banner)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("政策"))
        self.list.setMinimumWidth(px(240))
        self.list.setMaximumWidth(px(380))
        right = QWidget()
        self.form = QFormLayout(right)
        self.origin = label("", "secondary", wrap=True)
        self.origin.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.valid_from, self.value, self.months, self.each, self.source = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.levels = QPlainTextEdit()
        self.levels.setTabChangesFocus(True)
        self.levels.setFixedHeight(px(130))
        self.limits, self.parts = QPlainTextEdit(), QLineEdit()
        self.limits.setTabChangesFocus(True)
        self.limits.setFixedHeight(px(96))
        self.limits.setPlaceholderText(tr("一行一个：决赛前几名 10"))
        self.parts.setPlaceholderText(tr("100，或者 60 40"))
        self.rows: tuple[tuple[str, QWidget], ...] = (
            (tr("现在的依据"), self.origin), (tr("从哪天起"), self.valid_from), (tr("数值"), self.value), (tr("几个月内申请"), self.months), (tr("每人每年几次"), self.each), (tr("等级和金额"), self.levels), (tr("其他条件"), self.limits), (tr("分几次给（%）"), self.parts), (tr("新的依据"), self.source),
        )
        for words, part in self.rows:
            part.setAccessibleName(words)
            self.form.addRow(words, part)
        self.levels.setPlaceholderText(tr("一行一个：三级/高级工 2000"))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(right)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        middle = row(self.list, area, wide=area)
        self.box.addLayout(middle, 1)
        self.ok = button(tr("从这天起用"), self.save, icon_name="save", primary=True)
        self.ok.setEnabled(office.user.role is Role.ADMINISTRATOR)
        who = label("" if self.ok.isEnabled() else tr("只有管理员能改。"), "secondary")
        self.box.addLayout(row(who, None, button(tr("关闭"), self.reject), self.ok))
        self.list.currentRowChanged.connect(lambda _n: self._show())
        self.fill()
        self.list.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.list.setFocus()

    def fill(self) -> None:
        self.list.clear()
        with self.office.vault.engine.connect() as connection:
            self._all = [*(("policy", r) for r in items.rows_of(connection, "policy")), *(("rule", r) for r in items.rows_of(connection, "rule")), *(("target", r) for r in items.rows_of(connection, "target"))]
        order = {"policy": 0, "rule": 1, "target": 2}
        self._all.sort(key=lambda pair: (order[pair[0]], _base(pair[1]), pair[1]["valid_from"]))
        for n, (kind, r) in enumerate(self._all):
            following = self._all[n + 1] if n + 1 < len(self._all) else None
            ended = following is not None and (following[0], _base(following[1])) == (kind, _base(r))
            proposed = tr("　拟") if "拟" in r["source"] else ""
            what = tr("年度目标：") if kind == "target" else ""
            item = QListWidgetItem(f"{what}{r['title']}\n{r['valid_from']}{tr(' 起，后来改过') if ended else tr(' 起')}{proposed}")
            item.setData(Qt.ItemDataRole.UserRole, (kind, r.get("id", r.get("count"))))
            item.setToolTip(r["source"])
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _show(self) -> None:
        if not 0 <= self.list.currentRow() < len(self._all):
            return
        kind, r = self._all[self.list.currentRow()]
        self.origin.setText(tr("{scope}　{source}").format(scope=SCOPES.get(r.get("scope", ""), ""), source=r["source"]))
        self.valid_from.setText(str(self.office.clock().astimezone().date()))
        self.value.setText(str(r.get("value", r.get("wanted", ""))))
        self.value.setToolTip(tr("写数，或者按会员算的比例，如 2%") if kind == "target" else "")
        self.months.setText(str(r.get("window_months") or ""))
        self.each.setText(str(r.get("per_person_and_year", "")))
        self.levels.setPlainText("\n".join(f"{x['level'] or '不分等级'} {x['amount']}" for x in r.get("levels", ())))
        self.limits.setPlainText("\n".join(f"{tr(policies.LIMITS.get(name, name))} {number}" for name, number in r.get("limits", {}).items()))
        self.parts.setText(" ".join(str(part) for part in r.get("parts", (100,))))
        self.source.setText("")
        for words, part in self.rows:
            wanted = {tr("数值"): kind != "policy", tr("几个月内申请"): kind == "policy", tr("每人每年几次"): kind == "policy", tr("等级和金额"): kind == "policy", tr("其他条件"): kind == "policy" and bool(r.get("limits")), tr("分几次给（%）"): kind == "policy"}
            self.form.setRowVisible(part, wanted.get(words, True))
        self._loaded = self._typed()

    def _typed(self) -> tuple[str, ...]:
        return (self.value.text(), self.months.text(), self.each.text(), self.levels.toPlainText(), self.limits.toPlainText(), self.parts.text(), self.source.text())

    def reject(self) -> None:
        """What was typed is asked about."""
        if self._typed() == self._loaded or sure(self, tr("政策和规则"), tr("改动还没有保存，不要了吗？")):
            super().reject()

    _loaded: tuple[str, ...] = ()

    def save(self) -> None:
        kind, r = self._all[self.list.currentRow()]
        try:
            if not self.source.text().strip():
                raise UserError(tr("请写新的依据：文件名或文号；没有文件就写“本工会定”。"))
            common = {"valid_from": self.valid_from.text().strip(), "source": self.source.text().strip()}
            if kind == "rule":
                items.keep_own(self.office, "rule", {**r, **common, "value": _whole(self.value.text())})
            elif kind == "target":
                items.keep_own(self.office, "target", {**r, **common, "wanted": _wanted(self.value.text())})
            else:
                policies.change(self.office, r["id"], **common, window_months=_whole(self.months.text() or "0"), per_person_and_year=_whole(self.each.text()), levels=_levels(self.levels.toPlainText()), limits=_limits(self.limits.toPlainText()), parts=_parts(self.parts.text()))
        except UserError as e:
            self.banner.say(str(e))
            return
        key = (kind, _base(r))
        self.fill()
        self.list.setCurrentRow(max((n for n, (k, one) in enumerate(self._all) if (k, _base(one)) == key and one["source"] == common["source"]), default=0))
        self.banner.say(tr("从 {day} 起用新的；以前的申请仍按当时的政策。").format(day=common["valid_from"]), "good")


def _base(r: Mapping[str, Any]) -> str:
    """What editions of one row have in common."""
    return str(r.get("id", r.get("count"))).partition("-BJ")[0]


def _wanted(text: str) -> int | str:
    """A number, or a share of the members. UserError where it is neither."""
    plain = text.strip().replace("\uff05", "%")
    return plain if plain == "planned" or (plain.endswith("%") and plain[:-1].isdecimal()) else _whole(plain)


def _whole(text: str) -> int:
    """UserError where it is no number."""
    if not text.strip().isdecimal():
        raise UserError(tr("这里要填整数，“{text}”不是。").format(text=text.strip()[:20]))
    return int(text)


def _limits(text: str) -> dict[str, int]:
    """决赛前几名 10, a line each. UserError where a line is none."""
    names, found = {words: name for name, words in policies.LIMITS.items()}, {}
    for line in text.splitlines():
        if line.strip():
            words, _, number = line.strip().rpartition(" ")
            if words.strip() not in names:
                raise UserError(tr("不认得“{line}”这一条，请照原来的写法，只改数。").format(line=line.strip()[:20]))
            found[names[words.strip()]] = _whole(number)
    return found


def _parts(text: str) -> list[int]:
    """60 40: parts of a hundred. UserError where they do not make a hundred."""
    found = [_whole(part) for part in text.replace("、", " ").replace("，", " ").replace(",", " ").replace("%", " ").split()]
    if sum(found) != 100 or not all(found):
        raise UserError(tr("分几次给，加起来要是 100，例如 60 40。"))
    return found


def _levels(text: str) -> list[dict[str, Any]]:
    """三级/高级工 2000, a line each. UserError where a line is none."""
    found = []
    for line in text.splitlines():
        if line.strip():
            level, _, amount = line.strip().rpartition(" ")
            found.append({"level": "" if level.strip() == "不分等级" else level.strip(), "amount": _whole(amount)})
    return found
