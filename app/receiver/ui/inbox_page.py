"""收件: packages from folders and sticks, looked at before they are merged."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from app.receiver import inbox, merge, overview
from app.receiver.district import Receiver
from app.receiver.inbox import WORDS, Letter, State
from app.receiver.report import Report
from app.receiver.ui.parts import Column, DistrictPage, Grid, day
from app.sync.stick import removable_drives
from app.ui import jobs
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.widgets import Card, button, label, row
from db.problems import UserError

TONES = {State.READY: "good", State.MERGED: "good", State.NEW_OFFICE: "warn", State.WAITS: "warn", State.FORKED: "bad", State.REFUSED: "bad", State.AGAIN: "secondary"}


class EnrolDialog(FramedDialog):
    """The fingerprint of a new office, which a person compares by telephone or with the sealed sheet."""

    def __init__(self, letter: Letter, parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("登记新单位"), 640, 380)
        box = QVBoxLayout(self.scrolled())
        box.addWidget(label(letter.union, "section", wrap=True))
        box.addWidget(label(tr("给单位打电话（用单位公布的号码），请对方打开“报送与回执 → 钥匙和指纹”念出词来；或者对照盖了章的报送单。"), wrap=True))
        box.addWidget(label(letter.words, "section", wrap=True, selectable=True))
        box.addWidget(label(letter.fingerprint, "mono", selectable=True))
        self.compared = QCheckBox(tr("我已经核对过，词一个不差"))
        box.addWidget(self.compared)
        box.addStretch(1)
        self.foot(tr("登记并合并"))
        self.ok.setEnabled(False)
        self.compared.toggled.connect(self.ok.setEnabled)


class InboxPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("收件"))
        self.places: list[Path] = []
        self.grid = Grid(tr("数据包"), [
            Column(tr("状态"), 210, lambda one: WORDS[one.state], lambda one: TONES[one.state]), Column(tr("单位"), 270, lambda one: one.union or one.path.name),
            Column(tr("批次"), 60, lambda one: str(one.series or ""), right=True), Column(tr("制作时间"), 150, lambda one: day(one.made_at)), Column(tr("说明"), 300, lambda one: one.said.splitlines()[0] if one.said else ""),
        ], many=True, empty=tr("插上单位送来的 U 盘，点“看 U 盘”。"))
        self.grid.moved.connect(self._show_one)
        self.grid.doubleClicked.connect(lambda _index: self.look())
        self.where = label("", "secondary", wrap=True)
        self.detail = label("", wrap=True, selectable=True)
        card = Card(tr("这一批"))
        card.body.addWidget(self.detail)
        card.body.addStretch(1)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.look_button = button(tr("先看会改什么"), self.look, icon_name="eye", key="Ctrl+O")
        self.merge_button = button(tr("合并"), self.merge, icon_name="check", primary=True, key="Ctrl+M")
        self.stop_button = button(tr("停下"), self._stop)
        self.stop_button.hide()
        self.body.addLayout(row(button(tr("看 U 盘"), self.look_at_sticks, icon_name="usb", key="F5"), button(tr("选文件夹…"), self._ask_folder, icon_name="folder-open"), self.where, wide=self.where))
        self.body.addWidget(self.grid, 3)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(card)
        self.body.addWidget(area, 2)
        self.body.addWidget(self.progress)
        self.body.addLayout(row(None, self.stop_button, self.look_button, self.merge_button))
        self._show_one()

    def first_focus(self) -> QWidget:
        return self.grid

    def look_at_sticks(self) -> None:
        self.places = [drive.path for drive in removable_drives() if drive.writable or drive.free]
        if not self.places:
            self.banner.say(tr("没有找到 U 盘。插上以后再点“看 U 盘”，或者选一个文件夹。"), "warn")
        self.scan()

    def _ask_folder(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, tr("数据包在哪个文件夹")):
            self.open_folder(Path(chosen))

    def open_folder(self, folder: Path) -> None:
        self.places = [folder]
        self.scan()

    def scan(self) -> None:
        receiver, places = self.receiver, list(self.places)
        self.where.setText("、".join(str(place) for place in places))
        self._start(lambda progress: inbox.scan(receiver, places, progress=progress), self._scanned)

    def _scanned(self, letters: list[Letter]) -> None:
        self._busy(False)
        self.grid.fill(letters)
        ready = sum(one.state in (State.READY, State.NEW_OFFICE) for one in letters)
        if letters:
            self.banner.say(tr("{n} 个数据包，{ready} 个可以合并。").format(n=len(letters), ready=ready), "good" if ready else "warn")
        elif self.places:
            self.banner.say(tr("这里没有数据包。"), "warn")

    def _show_one(self) -> None:
        one: Letter | None = self.grid.one
        many = self.grid.chosen
        usable = [letter for letter in many if letter.state in (State.READY, State.NEW_OFFICE, State.WAITS)]
        self.look_button.setEnabled(one is not None and bool(usable))
        self.merge_button.setEnabled(bool(usable))
        self.merge_button.setText(" " + (tr("合并 {n} 批").format(n=len(usable)) if len(usable) > 1 else tr("合并")))
        if one is None:
            self.detail.setText(tr("选中 {n} 批，按单位和批次的先后合并。").format(n=len(many)) if many else tr("插上单位送来的 U 盘，点“看 U 盘”。合并以前可以先看会改什么。"))
        else:
            self.detail.setText(one.said if one.report is not None else "\n".join(part for part in (one.union, one.said) if part))

    def look(self) -> None:
        """The dry run of the one selected."""
        letter: Letter | None = self.grid.one
        if letter is None:
            return
        receiver = self.receiver
        self._start(lambda progress: merge.look(receiver, letter.path), self._looked)

    def _looked(self, report: Report) -> None:
        self._busy(False)
        self.detail.setText(report.summary())

    def merge(self) -> None:
        """Merge what is selected; of new offices a person is asked first, one by one."""
        chosen: list[Letter] = [one for one in self.grid.chosen if one.state in (State.READY, State.NEW_OFFICE, State.WAITS)]
        compared = {letter.fingerprint for letter in {one.union_id: one for one in chosen if one.state is State.NEW_OFFICE}.values() if self.ask_enrol(letter)}
        self.merge_letters([one for one in chosen if one.state is not State.NEW_OFFICE or one.fingerprint in compared], compared)

    def ask_enrol(self, letter: Letter) -> bool:
        return bool(EnrolDialog(letter, self).exec())

    def merge_letters(self, letters: list[Letter], compared: set[str]) -> None:
        receiver = self.receiver

        def work(progress: Callable[[int, int], None]) -> list[Letter]:
            in_order = sorted(letters, key=lambda one: (one.union_id, one.series))
            done = inbox.merge_all(receiver, in_order, enrol=lambda one: one.fingerprint if one.fingerprint in compared else None, progress=progress)
            overview.refresh(receiver)  # here and not when the first page is opened: after a large inbox it takes seconds
            return done

        self._start(work, self._merged)

    def _merged(self, done: list[Letter]) -> None:
        self._busy(False)
        now = {one.path: one for one in done}
        self.grid.fill([now.get(one.path, one) for one in self.grid.items])
        merged = sum(one.state is State.MERGED for one in done)
        left = [one for one in done if one.state is not State.MERGED]
        self.grid.setFocus()
        if not done:
            self.banner.say(tr("没有登记，什么也没有合并。"), "warn")
            return
        self.banner.say(tr("合并了 {n} 批。").format(n=merged) + (tr("{n} 批没有合并：{why}").format(n=len(left), why=left[0].said.splitlines()[0] if left[0].said else "") if left else ""), "good" if not left else "warn")

    def _start(self, work: Callable[[Callable[[int, int], None]], object], done: Callable[..., None]) -> None:
        self._busy(True)
        self._job = jobs.start(work, done=done, failed=self._failed, progressed=self._progressed, reports=True)

    def _failed(self, error: BaseException) -> None:
        self._busy(False)
        if isinstance(error, UserError) or not isinstance(error, Exception):
            self.banner.say(str(error) or tr("停下了，已经合并的都在。"), "warn")
        else:
            self.failed(error)

    def _stop(self) -> None:
        self._job.cancel()

    def _progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)

    def _busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.progress.setRange(0, 0)
        self.stop_button.setVisible(busy)
        for part in (self.look_button, self.merge_button):
            part.setEnabled(not busy)
        if busy:
            self.stop_button.setFocus()
        else:
            self._show_one()
