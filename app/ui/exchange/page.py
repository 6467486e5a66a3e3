"""The page of the exchange: send, bring back, what was sent before."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout

from app.services import paperwork
from app.services.exchange import answers, keyring, send
from app.services.exchange.answers import Outcome, Said, TakenIn
from app.services.exchange.send import Exported
from app.services.office import Office
from app.sync.package import DOWN_SUFFIX
from app.ui import errors
from app.ui.exchange.answer import AnswerDialog
from app.ui.exchange.keys import KeysDialog
from app.ui.exchange.sending import SendCard
from app.ui.preview import Preview
from app.ui.register.record_page import when
from app.ui.text import tr
from app.ui.widgets import Card, EmptyState, ScrollPage, button, clear, label, row
from db.problems import UserError
from db.registers import register_named

MOST_NAMED = 30


class ExchangePage(ScrollPage):
    """Export to a stick or folder, print the slip, read the answer. `said` is for the toast."""

    said = Signal(str)

    def __init__(self, office: Office) -> None:
        super().__init__(tr("报送与回执"))
        self.office = office
        self.exported: Exported | None = None
        self.taken: TakenIn | None = None
        self._last_said: Said | None = None
        self.sending = SendCard(office)
        self.sending.exported.connect(self._exported)
        self.sending.failed.connect(self._failed)
        self.sending.keys_wanted.connect(self.show_keys)
        self.sending.slip_wanted.connect(self.show_slip)
        self.export_button, self.key_line = self.sending.export_button, self.sending.key_line
        self.content.addWidget(self.sending)
        self.content.addWidget(self._answer_card())
        self.content.addWidget(self._past_card(), 1)

    def _answer_card(self) -> Card:
        card = Card(tr("带回来"))
        self.receipt_text = label(tr("区里合并以后，会在 U 盘上放一个回执文件（.udrcpt）。先看里面说了什么，再读进来。"), wrap=True)
        self.outcomes = QVBoxLayout()
        card.body.addWidget(self.receipt_text)
        card.body.addLayout(self.outcomes)
        self.receipt_button = button(tr("打开回执…"), self._ask_receipt, icon_name="inbox", key="Ctrl+R")
        card.body.addLayout(row(None, self.receipt_button))
        return card

    def _past_card(self) -> Card:
        card = Card(tr("报送记录"))
        self.past = QVBoxLayout()
        card.body.addLayout(self.past)
        card.body.addStretch(1)
        return card

    def arrived(self) -> None:
        self.sending.arrived()
        with self.office.vault.engine.connect() as connection:
            read = answers.read_answers(connection)
        self._show_outcomes(read[-1].outcomes if read else ())
        if self.taken is not None and self.taken.said.series not in {one.series for one in read}:
            self.taken = None
            self.receipt_text.setText(tr("第 {n} 份回执已经撤销，可以再读。").format(n=said.series) if (said := self._last_said) else "")
            self.banner.say("")
        self._show_past()

    # -- sending

    def choose_folder(self, folder: Path) -> None:
        self.sending.choose_folder(folder)

    def load_key(self, path: Path) -> None:
        """Install the district's key file, and say what has to be compared."""
        try:
            loaded = keyring.load_district_key(self.office, path)
        except UserError as e:
            self.banner.say(str(e))
            return
        named = tr("已装上“{name}”的钥匙。").format(name=loaded.card.name)
        if loaded.replaced and loaded.proven:
            self.banner.say(named + tr("新钥匙由旧钥匙证明，不用再核对。"), "good")
        elif loaded.replaced:
            self.banner.say(named + tr("它和以前的不一样，旧钥匙也没有证明它。请打电话核对指纹，不一致就换回来：{words}").format(words=loaded.card.keys.words), "warn")
        else:
            self.banner.say(named + tr("请打电话与区里核对指纹：{fingerprint}（{words}）").format(fingerprint=loaded.card.keys.fingerprint, words=loaded.card.keys.words), "good")
        self.arrived()

    def export(self) -> None:
        self.sending.export()

    def show_keys(self) -> None:
        dialog = KeysDialog(self.office, self)
        dialog.district_chosen.connect(self.load_key)
        dialog.exec()
        self.arrived()

    def _exported(self, done: Exported) -> None:
        self.exported = done
        self.arrived()
        tail = "" if self.sending.is_folder else tr("拔 U 盘前请先安全弹出。")
        self.banner.say(tr("第 {n} 批已写好并核对无误：{name}（{size}）。现在可以打印报送单。").format(n=done.series, name=done.path.name, size=send.size_words(done.size)) + tail, "good")
        self.sending.slip_button.setFocus()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self.banner.say(str(error))
        else:
            errors.show(self, error)

    def slip_pdf(self) -> bytes:
        assert self.exported is not None
        return paperwork.submission_slip(self.office, self.exported.slip)

    def show_slip(self) -> None:
        Preview(self.slip_pdf(), tr("数据报送单"), self).exec()

    # -- bringing back

    def _ask_receipt(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("回执文件"), "", tr("回执 (*{suffix})").format(suffix=DOWN_SUFFIX))
        if path:
            self.read_receipt(Path(path))

    def read_receipt(self, path: Path) -> None:
        """Check an answer, show what it would change, and take it in when the clerk says so."""
        said = self.look(path)
        if said is not None and AnswerDialog(said, self).exec():
            self.take_in(said)

    def look(self, path: Path) -> Said | None:
        """The answer, checked; None when it was refused, which the page says."""
        try:
            return answers.look(self.office, path)
        except UserError as e:
            self.banner.say(str(e))
            return None

    def take_in(self, said: Said) -> None:
        try:
            self.taken, self._last_said = answers.take_in(self.office, said), said
        except UserError as e:
            self.banner.say(str(e))
            return
        self._say_taken(self.taken)
        self.arrived()

    def _say_taken(self, taken: TakenIn) -> None:
        said = taken.said
        words = "，".join(f"{register_named(name).label} {n}" for name, n in said.accepted.items() if n)
        parts = [tr("第 {n} 份回执：区里收下了 {words}。").format(n=said.series, words=words or tr("0 条"))]
        parts += [sentence.format(n=n) for n, sentence in (
            (taken.decided, tr("{n} 份申请有了新状态。")), (taken.brought_back, tr("交还了 {n} 条资料。")), (taken.items, tr("区里下发的内容更新了 {n} 项。")),
            (len(taken.kept), tr("有 {n} 份申请报送以后又改过，区里的新状态没有覆盖它们。")),
        ) if n]
        if said.again:
            parts.append(tr("（这份回执以前读过，没有再改动。）"))
        if said.receipt.differs or said.receipt.forked:
            parts.append(tr("区里的资料与本机不一致，下一批会自动带上不一致的记录去核对。"))
        self.receipt_text.setText("".join(parts))
        if said.refused:
            self.banner.say(tr("回执核对无误。有 {n} 条没有收下，请按下面写的原因改好，下次一起报送。").format(n=len(said.refused)), "warn")
        else:
            self.banner.say(tr("回执核对无误。") + (tr("有 {n} 条等区里决定。").format(n=len(said.waiting)) if said.waiting else tr("全部收下。")), "good")

    def _show_outcomes(self, outcomes: tuple[Outcome, ...]) -> None:
        clear(self.outcomes)
        with self.office.vault.engine.connect() as connection:
            for outcome in outcomes[:MOST_NAMED]:
                word, tone = (tr("没有收下"), "problem") if outcome.outcome == "refused" else (tr("等区里决定"), "doubt")
                title = answers.name_of(connection, outcome.register, outcome.id)
                self.outcomes.addWidget(label(f"{word}：{register_named(outcome.register).label} {title}　{outcome.message}", tone, wrap=True))
        if len(outcomes) > MOST_NAMED:
            self.outcomes.addWidget(label(tr("还有 {n} 条。").format(n=len(outcomes) - MOST_NAMED), "secondary"))

    def _show_past(self) -> None:
        clear(self.past)
        sent = send.sent_packages(self.office)
        if not sent:
            self.past.addWidget(EmptyState("send", tr("还没有报送过"), tr("第一次报送时，区里会按报送单上的指纹登记我们。")))
        for p in sent[:12]:
            state = tr("{when} 已收到回执").format(when=when(p.answered_at)) if p.answered_at else tr("还没有回执")
            detail = label(f"{when(p.made_at)}　{tr('共')} {p.total} {tr('条')}　{tr('核对码')} {send.short(p.digest)}", "secondary", wrap=True)
            self.past.addLayout(row(label(tr("第 {n} 批").format(n=p.series)), detail, label(state, "good" if p.answered_at else "warn"), wide=detail))
