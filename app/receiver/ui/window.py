"""The district's main window: navigation at the left, pages at the right."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QMainWindow, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.receiver.district import Receiver
from app.receiver.ui.claims_page import ClaimsPage, WaitingPage
from app.receiver.ui.down_page import DownPage
from app.receiver.ui.inbox_page import InboxPage
from app.receiver.ui.offices_page import OfficesPage
from app.receiver.ui.overview_page import OverviewPage, RecordsPage
from app.receiver.ui.parts import DistrictPage
from app.receiver.ui.review_page import ReviewPage
from app.receiver.ui.settings_page import SettingsPage
from app.ui import jobs
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Toast, frame, label, tint


@dataclass(frozen=True)
class Place:
    key: str
    title: str
    icon: str
    make: Callable[[Receiver], DistrictPage]


PLACES = (
    Place("overview", "概览", "house", OverviewPage), Place("inbox", "收件", "inbox", InboxPage), Place("waiting", "等人决定", "circle-help", WaitingPage), Place("claims", "补贴审批", "banknote", ClaimsPage),
    Place("records", "各单位资料", "table-2", RecordsPage), Place("offices", "单位和回执", "building-2", OfficesPage), Place("down", "下发", "send", DownPage), Place("settings", "设置", "settings", SettingsPage),
)
STREET_PLACES = (
    Place("inbox", "收件", "inbox", InboxPage), Place("review", "初审转报", "send", ReviewPage), Place("records", "各单位资料", "table-2", RecordsPage), Place("offices", "单位", "building-2", OfficesPage), Place("settings", "设置", "settings", SettingsPage),
)


class DistrictWindow(QMainWindow):
    """Alt+1 to Alt+8 change the page."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self.receiver = receiver
        self.places = STREET_PLACES if receiver.is_street else PLACES
        self.setWindowTitle(f"工会案头　{receiver.name}")
        self.resize(1366, 768)
        self.stack = QStackedWidget()
        self._buttons: dict[str, QPushButton] = {}
        centre = frame(self._sidebar(), self.stack, tr("练习用的接收端：只收练习工会的数据包") if receiver.practice else "")
        self.setCentralWidget(centre)
        self.toast = Toast(centre)
        self._pages: dict[str, DistrictPage] = {}
        self._areas: dict[str, QScrollArea] = {}
        for n, place in enumerate(self.places, 1):
            QShortcut(QKeySequence(f"Alt+{n}"), self).activated.connect(lambda key=place.key: self.go(key))
        self.go(self.places[0].key)

    def _sidebar(self) -> QFrame:
        self.sidebar = bar = QFrame()
        bar.setObjectName("sidebar")
        whole = QVBoxLayout(bar)
        whole.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        area.setWidget(inner)
        whole.addWidget(area)
        box = QVBoxLayout(inner)
        box.setContentsMargins(px(12), px(14), px(12), px(12))
        box.setSpacing(px(2))
        brand = label("案", "brand")
        brand.setFixedSize(px(30), px(30))
        brand.setAlignment(Qt.AlignmentFlag.AlignCenter)
        top = QHBoxLayout()
        top.addWidget(brand)
        self._name = label(self.receiver.name, "section", wrap=True)
        top.addWidget(self._name, 1)
        box.addLayout(top)
        box.addSpacing(px(12))
        group = QButtonGroup(self)
        for n, place in enumerate(self.places, 1):
            made = QPushButton(f"  {tr(place.title)}")
            made.setProperty("nav", True)
            made.setCheckable(True)
            made.setAccessibleName(tr(place.title))
            made.setToolTip(f"{tr(place.title)}（Alt+{n}）")
            tint(made, place.icon, size=20)
            made.clicked.connect(lambda _checked=False, key=place.key: self.go(key))
            group.addButton(made)
            self._buttons[place.key] = made
            box.addWidget(made)
        box.addStretch(1)
        self._operator = label(tr("操作员：{name}").format(name=self.receiver.operator), "secondary", wrap=True)
        box.addWidget(self._operator)
        return bar

    def go(self, key: str) -> None:
        page = self.page(key)
        self._buttons[key].setChecked(True)
        page.banner.say("")
        page.arrived()
        self.stack.setCurrentWidget(self._areas[key])
        if (wanted := page.first_focus()) is not None:
            wanted.setFocus()

    def page(self, key: str) -> DistrictPage:
        if key not in self._pages:
            made = next(place for place in self.places if place.key == key).make(self.receiver)
            made.said.connect(self.toast.say)
            self._pages[key] = made
            area = QScrollArea()  # with large type on a small screen a page may be wider than the window
            area.setWidgetResizable(True)
            area.setWidget(made)
            self._areas[key] = area
            self.stack.addWidget(area)
        return self._pages[key]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a narrow window, or with large type, the navigation keeps its icons and gives up its words."""
        super().resizeEvent(event)
        narrow = self.width() < px(1000)
        self.sidebar.setFixedWidth(px(72) if narrow else px(196))
        for part in (self._name, self._operator):
            part.setVisible(not narrow)
        for place in self.places:
            self._buttons[place.key].setText("" if narrow else f"  {tr(place.title)}")

    def closeEvent(self, event: QCloseEvent) -> None:
        if not jobs.is_idle():
            self.toast.say(tr("有事正在办，请等它做完再关。"))
            event.ignore()
            return
        self.receiver.close()
        super().closeEvent(event)
