"""初审: a street or industry union reads what offices report, writes its opinion, and passes it on."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.receiver import review
from app.receiver.district import Receiver
from app.receiver.ui.parts import DistrictPage
from app.sync.package import UP_SUFFIX
from app.ui.text import tr
from app.ui.widgets import Card, QuietCombo, button, label, row
from db.problems import UserError

_HINT = tr("选单位送来的 .udpkg 文件。看得到内容，改不了；意见由我们签名，区里两样都能核对。")


class ReviewPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("初审转报"))
        self.path: Path | None = None
        card = Card(tr("单位的数据包"))
        self.detail = label(_HINT, wrap=True, selectable=True)
        card.body.addWidget(self.detail)
        card.body.addLayout(row(button(tr("选数据包…"), self._ask_file, icon_name="folder-open"), None))
        opinion = Card(tr("初审意见"))
        self.opinion = QuietCombo()
        self.opinion.setAccessibleName(tr("意见"))
        self.opinion.addItem(tr("请选意见"), None)
        for value, title in (("agreed", tr("同意")), ("returned", tr("建议退回")), ("refused", tr("不同意"))):
            self.opinion.addItem(title, value)
        self.opinion.currentIndexChanged.connect(lambda _n: self._may_go())
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("补充说明（可以不写）"))
        self.text.setAccessibleName(tr("补充说明"))
        opinion.body.addLayout(row(self.opinion, self.text, wide=self.text))
        self.go_button = button(tr("转报区里…"), self._ask_folder, icon_name="send", primary=True)
        opinion.body.addLayout(row(None, self.go_button))
        self.body.addWidget(card)
        self.body.addWidget(opinion)
        self.body.addStretch(1)
        self._may_go()

    def first_focus(self) -> QWidget:
        return self.opinion

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("单位的数据包"), "", tr("数据包 (*{suffix})").format(suffix=UP_SUFFIX))
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        self._begin_anew()
        try:
            inside = review.read(self.receiver, path)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.path = path
        self.banner.say("")
        claims = [tr("补贴申请 {n} 份：").format(n=len(inside.claims)), *inside.claims] if inside.claims else [tr("里面没有补贴申请。")]
        self.detail.setText("\n".join([inside.title, tr("里面有：{words}").format(words=inside.counts), *claims]))
        self._may_go()
        self.opinion.setFocus()

    def _begin_anew(self) -> None:
        """Nothing of the package before stays for the next."""
        self.path = None
        self.detail.setText(_HINT)
        self.opinion.setCurrentIndex(0)
        self.text.clear()
        self._may_go()

    def _may_go(self) -> None:
        self.go_button.setEnabled(self.path is not None and self.opinion.currentData() is not None)

    def _ask_folder(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, tr("写到哪里（U 盘）")):
            self.pass_on(Path(chosen))

    def pass_on(self, folder: Path) -> None:
        path = self.path
        assert path is not None
        if self.trying(lambda: review.pass_on(self.receiver, path, folder, opinion=self.opinion.currentData(), text=self.text.text().strip()), tr("已写好，里面是单位的原件和我们的意见。")):
            self._begin_anew()
