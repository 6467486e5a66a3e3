"""What an answer would change, before it is read in."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.services.exchange.answers import Said
from app.ui.dialog import FramedDialog
from app.ui.register.record_page import when
from app.ui.text import tr
from app.ui.widgets import Card, label
from db.registers import register_named

MOST = 40


class AnswerDialog(FramedDialog):
    """The answer in words: what was taken, what not and why, what was decided, what comes down. Accepting reads it in."""

    def __init__(self, said: Said, parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("第 {n} 份回执").format(n=said.series), 760, 600)
        inner = self.scrolled()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        self.lines: list[str] = []
        made = when(str(said.manifest["made_at"]))
        self._card(column, tr("收到"), [tr("区里 {when} 制作，已收到我们的第 {n} 批。").format(when=made, n=said.receipt.last), *self._accepted(said)])
        self._card(column, tr("没有收下，要改"), [self._line(said, o.register, o.id, o.message) for o in said.refused], "problem")
        self._card(column, tr("等区里决定"), [self._line(said, o.register, o.id, o.message) for o in said.waiting], "doubt")
        self._card(column, tr("审批结果"), [self._decision(said, n) for n in range(len(said.decisions))])
        down = [tr("{kind} {n} 项").format(kind=kind, n=n) for kind, n in said.item_counts.items()]
        self._card(column, tr("区里下发"), ["，".join(down)] if down else [])
        self._card(column, tr("交还的资料"), [tr("{n} 条，本机没有的会放回来。").format(n=len(said.returned))] if said.returned else [])
        self._card(column, tr("要核对"), self._differences(said), "doubt")
        if said.key is not None:
            self._card(column, tr("区里换了钥匙"), [tr("旧钥匙证明了新钥匙，读入以后自动换上。新指纹：{words}").format(words=said.key.keys.words)])
        column.addStretch(1)
        self.foot(tr("知道了") if said.again else tr("读入"))

    def _card(self, column: QVBoxLayout, title: str, lines: list[str], tone: str = "") -> None:
        if not lines:
            return
        card = Card(title)
        for line in lines[:MOST]:
            card.body.addWidget(label(line, tone, wrap=True, selectable=True))
        if len(lines) > MOST:
            card.body.addWidget(label(tr("还有 {n} 条。").format(n=len(lines) - MOST), "secondary"))
        self.lines += lines
        column.addWidget(card)

    def _accepted(self, said: Said) -> list[str]:
        words = "，".join(f"{register_named(name).label} {n}" for name, n in said.accepted.items() if n)
        return [tr("收下：{words}").format(words=words or tr("0 条"))] + ([tr("这份回执以前读过，再读不会有变化。")] if said.again else [])

    def _line(self, said: Said, register: str, record: str, message: str) -> str:
        label_ = register_named(register).label if (register, record) in said.named else register
        return f"{label_} {said.named.get((register, record), '')}　{message}"

    def _decision(self, said: Said, n: int) -> str:
        one = said.decisions[n]
        approved = one.values.get("approved_amount")
        amount = tr("，核定 {yuan} 元").format(yuan=f"{approved / 100:,.2f}") if isinstance(approved, int) else ""
        why = f"：{one.values['decision']}" if one.values.get("decision") else ""
        state = one.values.get("state", tr("按区里的资料改回"))
        return f"{said.named.get((one.register, one.record), one.register)}　{state}{amount}{why}"

    def _differences(self, said: Said) -> list[str]:
        if said.receipt.forked:
            return [tr("本单位的资料分成了两路（恢复过备份，或者两台电脑在用同一份资料）。下一批只带不一致的记录去核对，由区里逐条确认，哪边的都不会丢。请只在一台电脑上用。")]
        names = [register_named(name).label for name in said.receipt.differs if name in said.receipt.tables]
        return [tr("区里的{names}与本机不一致，下一批会自动带上不一致的记录。").format(names="、".join(names))] if names else []
