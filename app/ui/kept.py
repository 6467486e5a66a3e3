"""What an undo left alone, and why: a list that opens each of them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.services import listing
from app.services.listing import Hit
from app.services.office import Office
from app.services.undo import TakenBack
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import button, fit_to_screen, label, row
from db.registers import register_named


class KeptDialog(QDialog):
    """`wanted` asks for a record's page."""

    wanted = Signal(object)

    def __init__(self, parent: QWidget, office: Office, done: TakenBack) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("保留的记录"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit_to_screen(self, 520, 420)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(20), px(16), px(20), px(16))
        box.setSpacing(px(12))
        box.addWidget(label(tr("{title}：已撤销。下面 {n} 条后来又改过或有别的记录连着，没有动：").format(title=done.title, n=len(done.kept)), wrap=True))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("保留的记录"))
        by_register: dict[str, list[str]] = {}
        for register, record_id in done.kept:
            by_register.setdefault(register, []).append(record_id)
        with office.reading() as session:
            for register, ids in by_register.items():
                names = listing.titles(session, register, ids)
                for record_id in dict.fromkeys(ids):
                    kind = register_named(register)
                    item = QListWidgetItem(f"{kind.label}　{names.get(record_id) or kind.label}")
                    item.setData(Qt.ItemDataRole.UserRole, Hit(register, record_id, names.get(record_id, ""), ""))
                    self.list.addItem(item)
        self.list.itemActivated.connect(self._open)
        box.addWidget(self.list, 1)
        box.addLayout(row(label(tr("双击或回车打开"), "secondary"), None, button(tr("知道了"), self.accept, primary=True)))

    def _open(self, item: QListWidgetItem) -> None:
        self.accept()
        self.wanted.emit(item.data(Qt.ItemDataRole.UserRole))
