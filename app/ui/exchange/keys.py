"""The keys: ours with its fingerprint in words, the district's, the street union's."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QVBoxLayout, QWidget

from app.services.exchange import keyring
from app.services.exchange.send import plain_file_name
from app.services.office import Office
from app.sync.keys import KEY_FILE_SUFFIX, KeyCard
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.widgets import Card, button, label, row
from db.keyslots import Role
from db.problems import UserError


class KeysDialog(FramedDialog):
    """Nothing here is secret: fingerprints are to be read aloud. `district_chosen` gives a key file to install."""

    district_chosen = Signal(Path)

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("钥匙和指纹"), 720, 560)
        self.office = office
        self.box.addWidget(self.banner)
        self._column = QVBoxLayout(self.scrolled())
        self._column.setContentsMargins(0, 0, 0, 0)
        self._cards: list[Card] = []
        self._show()
        self.box.addLayout(row(None, button(tr("关闭"), self.accept, primary=True)))

    def _show(self) -> None:
        for card in self._cards:
            self._column.removeWidget(card)
            card.deleteLater()
        self._cards = [self._own(), self._district(), self._street()]
        for card in self._cards:
            self._column.addWidget(card)

    def _fingerprint(self, card: Card, keys: KeyCard) -> None:
        card.body.addWidget(label(keys.keys.fingerprint, "mono", selectable=True))
        card.body.addWidget(label(tr("电话里念：{words}").format(words=keys.keys.words), wrap=True, selectable=True))

    def _own(self) -> Card:
        card = Card(tr("本单位的钥匙"))
        self._fingerprint(card, keyring.own_card(self.office))
        card.body.addWidget(label(tr("钥匙在资料库里，恢复密钥纸能把它找回来。区里登记我们时，对照的就是这个指纹。"), "secondary", wrap=True))
        renew = button(tr("换新钥匙…"), self._renew, icon_name="refresh-cw")
        renew.setVisible(self.office.user.role is Role.ADMINISTRATOR)
        card.body.addLayout(row(button(tr("写出本单位的钥匙文件…"), self._write, icon_name="save"), None))
        card.body.addLayout(row(renew, None))
        return card

    def _district(self) -> Card:
        card = Card(tr("区总工会的钥匙"))
        found = keyring.district_key(self.office)
        if found:
            card.body.addWidget(label(found.name))
            self._fingerprint(card, found)
        else:
            card.body.addWidget(label(tr("还没有装。请向区总工会要 .udkey 文件。"), "doubt", wrap=True))
        card.body.addLayout(row(button(tr("换钥匙文件…") if found else tr("装钥匙文件…"), self._ask_district, icon_name="key-round"), None))
        return card

    def _street(self) -> Card:
        card = Card(tr("街道或产业工会（初审）"))
        found = keyring.street_key(self.office)
        if found:
            card.body.addWidget(label(found.name))
            self._fingerprint(card, found)
        else:
            card.body.addWidget(label(tr("不经初审，直接报区里。要经街道或产业工会，装上它的钥匙文件：它能看、能写意见，改不了我们的内容。"), "secondary", wrap=True))
        forget = button(tr("不再经初审"), self._forget_street)
        forget.setVisible(found is not None)
        card.body.addLayout(row(button(tr("装街道的钥匙文件…"), self._ask_street, icon_name="key-round"), forget, None))
        return card

    def _ask_file(self) -> Path | None:
        path, _ = QFileDialog.getOpenFileName(self, tr("钥匙文件"), "", tr("钥匙文件 (*{suffix})").format(suffix=KEY_FILE_SUFFIX))
        return Path(path) if path else None

    def _ask_district(self) -> None:
        if path := self._ask_file():
            self.district_chosen.emit(path)
            self.accept()  # the page says what has to be compared

    def _ask_street(self) -> None:
        if path := self._ask_file():
            self.load_street(path)

    def load_street(self, path: Path) -> None:
        try:
            loaded = keyring.load_street_key(self.office, path)
        except UserError as e:
            self.banner.say(str(e))
            return
        self._show()
        self.banner.say(tr("已装上“{name}”的钥匙，请打电话核对指纹。").format(name=loaded.card.name), "good")

    def _forget_street(self) -> None:
        keyring.forget_street_key(self.office)
        self._show()
        self.banner.say(tr("以后直接报区里，不经初审。"), "good")

    def _write(self) -> None:
        name = f"{plain_file_name(keyring.own_card(self.office).name)}{KEY_FILE_SUFFIX}"
        path, _ = QFileDialog.getSaveFileName(self, tr("写出本单位的钥匙文件"), name, tr("钥匙文件 (*{suffix})").format(suffix=KEY_FILE_SUFFIX))
        if path:
            self.write_own(Path(path))

    def write_own(self, path: Path) -> None:
        try:
            keyring.write_own_card(self.office, path)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(tr("已写出 {name}。把它交给区里登记，电话里念上面的词。").format(name=path.name), "good")

    def _renew(self) -> None:
        asked = QMessageBox.question(self, tr("换新钥匙"), tr("换了以后，下一批由旧钥匙证明新钥匙，区里会自动接着认。换吗？"))
        if asked == QMessageBox.StandardButton.Yes:
            self.renew()

    def renew(self) -> None:
        keyring.renew(self.office)
        self._show()
        self.banner.say(tr("已换新钥匙。下一批报送以后区里就认新的，请通知区里一声。"), "good")
