"""Taking a roster in: drop a file, look at every doubt beside its cell, import in one act; the ledger of all that came in."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QLineEdit, QMessageBox, QProgressBar, QStackedWidget, QWidget

from app.services import membership
from app.services.office import Office
from app.services.roster import batch, intake
from app.services.roster.batch import Batch
from app.services.roster.intake import NEW_PERSON, Imported, Plan, Planned
from app.services.roster.reader import PasswordNeeded
from app.ui import errors, jobs
from app.ui.pair import DIFFERENT, SAME, PairDialog
from app.ui.roster.dialogs import ColumnsDialog, FormsDialog, MissingDialog, OptionsDialog
from app.ui.roster.ledger import LedgerView
from app.ui.roster.preview import Preview
from app.ui.text import tr
from app.ui.widgets import Banner, Card, EmptyState, Page, button, label, row
from db.fields import cell_text
from db.problems import UserError

WELCOME, BUSY, PREVIEW, LEDGER = range(4)


class RosterPage(Page):
    """Choose or drop; preview with doubts; import; ledger. `imported` tells the window; `closed` wants the register back."""

    imported = Signal(object)
    closed = Signal()
    undo_wanted = Signal(str)
    said = Signal(str)

    def __init__(self, office: Office) -> None:
        super().__init__(tr("导入名册"))
        self.office = office
        self.setAcceptDrops(True)
        self.batch: Batch | None = None
        self.plan = Plan((), 0)
        self._job: jobs.Job | None = None
        self._wanted: jobs.Job | None = None
        self.ledger_button = button(tr("导入台账"), self.show_ledger, icon_name="archive", key="Ctrl+T")
        self.buttons.addWidget(self.ledger_button)
        self.stack = QStackedWidget()
        self.outer.addWidget(self.stack, 1)
        self.preview = Preview(columns=self.ask_columns, options=self.ask_options, missing=self.ask_missing, give_back=self._ask_give_back, close=self.close_import, commit=self.commit)
        self.preview.decided.connect(self.decide)
        self.preview.compared.connect(self.compare)
        self.ledger = LedgerView(forms=self.show_forms, back=self._show_welcome, mapping=self._mapping_of)
        self.ledger.wanted.connect(self._of_ledger)
        for page in (self._welcome(), self._busy(), self.preview, self.ledger):
            self.stack.addWidget(page)
        escape = QShortcut(QKeySequence("Escape"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.close_import)

    def _welcome(self) -> QWidget:
        card = Card()
        self.choose_button = button(tr("选文件…"), self.choose, icon_name="folder-open", primary=True, key="Ctrl+O")
        self.continue_button = button("", self.show_ledger, icon_name="inbox")
        self.banner = Banner()
        card.body.addWidget(
            EmptyState(
                "file-spreadsheet", tr("把人事科给的表格拖到这里"),
                tr("任何版式都行：.xlsx、.xls、.csv，有标题、有两行表头、分几张表、带密码都可以。先看一遍，确认后才写入，整批可以撤销。"), self.choose_button, self.continue_button,
            ),
            1,
        )
        card.body.addWidget(self.banner)
        return card

    def _busy(self) -> QWidget:
        card = Card()
        card.body.addStretch(1)
        self.busy_text = label("", "section")
        self.busy_text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.cancel_job = button(tr("取消"), self._cancel_job)
        card.body.addWidget(self.busy_text)
        card.body.addWidget(self.progress)
        card.body.addLayout(row(None, self.cancel_job, None))
        card.body.addStretch(1)
        return card

    def fit(self, width: int) -> None:
        super().fit(width)
        self.preview.fit(width)
        self.ledger.fit(width)

    def arrived(self) -> None:
        if self.stack.currentIndex() in (WELCOME, LEDGER):
            self._count_waiting()
        if self.stack.currentIndex() == LEDGER:
            self.show_ledger()

    def _count_waiting(self) -> None:
        with self.office.reading() as session:
            waiting = [e for e in batch.ledger(session) if e.waits]
        self.continue_button.setVisible(bool(waiting))
        self.continue_button.setText(tr(" 还有 {n} 个表没办完").format(n=len(waiting)))

    def _show_welcome(self) -> None:
        self.batch, self.plan = None, Plan((), 0)
        self.heading.setText(tr("导入名册"))
        self._count_waiting()
        self.stack.setCurrentIndex(WELCOME)
        self.choose_button.setFocus()

    # -- opening a file

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        if urls and urls[0].isLocalFile():
            self.open_file(Path(urls[0].toLocalFile()))

    def choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("选名册文件"), "", tr("表格 (*.xlsx *.xls *.xlsm *.csv *.txt *.et *.ods *.htm *.html);;所有文件 (*)"))
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path, *, password: str | None = None) -> None:
        """Read, stage and check off the UI thread; then the preview."""
        if self._job is not None and self.stack.currentIndex() == BUSY:
            self.busy_text.setText(tr("正在办上一个表，请等它做完再拖“{name}”。").format(name=path.name))
            return
        self.banner.say("")
        self.heading.setText(f"{tr('导入名册')}　{path.name}")
        self._work(tr("正在读“{name}”…").format(name=path.name), lambda: batch.stage(self.office, path, password=password), partial(self._not_opened, path))

    def open_batch(self, batch_id: str) -> None:
        self._work(tr("正在打开…"), lambda: batch.load(self.office, batch_id), self._failed)

    def _work(self, words: str, load: Callable[[], Batch], failed: Callable[[BaseException], None]) -> None:
        self.busy_text.setText(words)
        self.stack.setCurrentIndex(BUSY)

        def work() -> tuple[Batch, Plan]:
            loaded = load()
            return loaded, batch.make_plan(self.office, loaded)

        self._job = jobs.start(work, done=lambda result: self._opened(*result), failed=failed)
        self._wanted = self._job

    def _opened(self, loaded: Batch, plan: Plan) -> None:
        if self._job is None or self._job is not self._wanted:
            return  # cancelled, or another file was dropped meanwhile
        self._job = None
        self.batch, self.plan = loaded, plan
        self.heading.setText(f"{tr('导入名册')}　{loaded.file_name}")
        if not plan.rows and not loaded.checked.sheets_with_table:
            batch.clear(self.office, loaded.id)
            self._show_welcome()
            self.banner.say(tr("“{name}”里没有找到会员名单：表头里至少要有“姓名”，和身份证号、手机、部门里的一样。").format(name=loaded.file_name))
            return
        self.preview.which = ""
        self.preview.show_batch(loaded, plan)
        self.stack.setCurrentIndex(PREVIEW)
        if not plan.rows and loaded.waiting is None:
            QTimer.singleShot(0, self.ask_columns)

    def _not_opened(self, path: Path, error: BaseException) -> None:
        if isinstance(error, PasswordNeeded):
            self._show_welcome()
            given, ok = QInputDialog.getText(self, tr("打开密码"), f"{error}\n{tr('请输入“{name}”的打开密码；密码不会保存。').format(name=path.name)}", QLineEdit.EchoMode.Password)
            if ok:
                self.open_file(path, password=given)
            return
        self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self._job = None
        self._show_welcome()
        if isinstance(error, UserError):
            self.banner.say(str(error))
        elif not isinstance(error, jobs.Cancelled):
            errors.show(self, error)

    def _cancel_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._show_welcome()

    # -- deciding

    def decide(self, key: str, what: dict[str, Any]) -> None:
        """Keep a decision and show what follows from it."""
        assert self.batch is not None
        if "mend" in what:
            name, text = what["mend"]
            decided = self.batch.decisions.get(key, intake.UNDECIDED)
            what = {"mended": {**decided.mended, name: text}}
        self.plan = batch.decide_and_plan(self.office, self.batch, self.plan, key, **what)
        plan = self.plan
        QTimer.singleShot(0, lambda: self.preview.show_plan(plan))  # an editor still belongs to the present rows

    def compare(self, p: Planned) -> None:
        """Each person that the row is like, the likeliest first, until the clerk knows."""
        assert self.batch is not None and self.plan.matcher is not None
        for n, near in enumerate(p.near, 1):
            stored = self.plan.matcher.stored[near.id]
            place = tr("（第 {n} 位，共 {m} 位）").format(n=n, m=len(p.near)) if len(p.near) > 1 else ""
            heads = (tr("表里第 {n} 行").format(n=p.row.row), tr("名册里"))
            answer = PairDialog(self, p.row.values, stored, heads=heads, agrees=near.agrees, place=place).exec()
            if answer == SAME:
                self.decide(p.row.key, {"person": near.id})
                return
            if answer != DIFFERENT:
                return
        self.decide(p.row.key, {"person": NEW_PERSON})

    def ask_columns(self) -> None:
        """Say for each column of the file what it is."""
        assert self.batch is not None
        sheet = next((s for s in self.batch.checked.sheets if s.table is not None and s.rows), None) or next(s for s in self.batch.checked.sheets_with_table)
        table = sheet.table
        assert table is not None
        top = table.header_rows[-1]
        samples = {c: [cell_text(r[c]).strip() for r in sheet.cells[top : top + 3] if c < len(r)] for c in table.headers}
        dialog = ColumnsDialog(self, table.headers, table.columns, name=self.batch.forms[0] if self.batch.forms else "", samples=samples)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.map_columns(table, dialog.columns(), dialog.name.text())

    def map_columns(self, table: Any, columns: dict[int, str], name: str = "") -> None:
        """Check again with these columns for all tables of the same header; under a name they are remembered."""
        made = self.batch
        assert made is not None
        if name.strip():
            batch.save_form(self.office, name, table, columns)
        self._work(tr("正在重新看…"), lambda: batch.set_columns(self.office, made, table.shape, columns), self._failed)

    def ask_options(self) -> None:
        assert self.batch is not None
        dialog = OptionsDialog(self, self.batch.options, self.preview.model.names)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.choose_options(dialog.options())

    def choose_options(self, options: intake.Options) -> None:
        made = self.batch
        assert made is not None
        batch.choose(self.office, made, options)
        self._look_again(made)

    def _look_again(self, made: Batch) -> None:
        self._work(tr("正在重新看…"), lambda: made, self._failed)

    def ask_missing(self) -> None:
        """Propose that those who are not in the workbook have left."""
        assert self.batch is not None and self.plan.matcher is not None
        stored = self.plan.matcher.stored
        people = [(i, "　".join(str(part) for part in (stored[i]["full_name"], stored[i]["department"], stored[i]["employee_no"]) if part)) for i in self.plan.missing]
        dialog = MissingDialog(self, people, self.batch.file_name, self.office.clock().astimezone().date())
        while dialog.exec() == QDialog.DialogCode.Accepted:
            try:
                membership.record(self.office, dialog.chosen(), dialog.cells(), title=tr("{event} {n} 人：“{file}”里没有").format(event=dialog.cells()["event"], n=len(dialog.chosen()), file=self.batch.file_name))
            except UserError as e:
                dialog.banner.say(str(e))
                continue
            self._look_again(self.batch)
            return

    # -- the end

    def commit(self) -> None:
        if not self.preview.import_button.isEnabled():
            return
        self.preview.import_button.setFocus()  # an editor that is still open gives its text first
        made, plan = self.batch, self.plan
        if made is None:
            return
        self.busy_text.setText(tr("正在导入…"))
        self.stack.setCurrentIndex(BUSY)

        def work(progress: Callable[[int, int], None]) -> Imported:
            return batch.commit(self.office, made, plan, progress=progress)

        self._job = jobs.start(work, done=self._committed, failed=self._failed, progressed=self._progressed, reports=True)

    def _progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)

    def _committed(self, done: Imported) -> None:
        self._job = None
        self.progress.setRange(0, 0)
        self._show_welcome()
        self.imported.emit(done)

    def _ask_give_back(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("退回表格"), tr("退回-{name}.xlsx").format(name=Path(self.batch.file_name).stem if self.batch else ""), tr("表格 (*.xlsx)"))
        if path:
            self.give_back(Path(path))

    def give_back(self, path: Path) -> None:
        """The sheet with 是否导入成功 and 错误原因; it can be mended there and imported."""
        assert self.batch is not None
        self._write_back(self.batch, self.plan, path)

    def _write_back(self, made: Batch, plan: Plan, path: Path) -> None:
        try:
            count = jobs.wait(self, tr("正在写表格…"), lambda: batch.give_back(made, plan, path))
        except UserError as e:
            errors.show(self, e)
            return
        self.said.emit(tr("已存到 {name}，里面有 {n} 行没导入，改好可以再导入。").format(name=path.name, n=count))

    def close_import(self) -> None:
        """Back to the register; nothing is lost, the batch stands in the ledger."""
        if self.stack.currentIndex() == BUSY:
            return
        self._show_welcome()
        self.closed.emit()

    # -- the ledger

    def show_ledger(self) -> None:
        if self.stack.currentIndex() == BUSY:
            return
        with self.office.reading() as session:
            entries = batch.ledger(session)
        self.heading.setText(tr("导入台账"))
        self.ledger.fill(entries)
        self.stack.setCurrentIndex(LEDGER)
        self.ledger.table.setFocus()

    def _mapping_of(self, entry: batch.Entry) -> dict[str, dict[str, str]]:
        with self.office.reading() as session:
            return batch.mapping_of(session, entry)

    def show_forms(self) -> None:
        FormsDialog(self, self.office).exec()

    def _of_ledger(self, what: str, batch_id: str) -> None:
        entry = self.ledger.current()
        assert entry is not None
        if what == "open":
            self.open_batch(batch_id)
        elif what == "undo":
            question = tr("要把“{name}”导入的 {n} 人整批撤销吗？后来又改过的会留着。").format(name=entry.file_name, n=entry.counts.get("new", 0) + entry.counts.get("changed", 0))
            if QMessageBox.question(self, tr("撤销整批"), question) == QMessageBox.StandardButton.Yes:
                for act in reversed(entry.standing):
                    self.undo_wanted.emit(act)
                self.show_ledger()
        elif what == "clear":
            waits = entry.counts.get("left_out", 0) if entry.acts else tr("全部")
            if not (entry.state != batch.DONE and QMessageBox.question(self, tr("清掉原表"), tr("“{name}”里还有没办完的行（{n}），清掉就找不回了。要清掉吗？").format(name=entry.file_name, n=waits)) != QMessageBox.StandardButton.Yes):
                batch.clear(self.office, batch_id)
                self.show_ledger()
        else:
            self._give_back_of(batch_id)

    def _give_back_of(self, batch_id: str) -> None:
        try:
            loaded = batch.load(self.office, batch_id)
        except UserError as e:
            errors.show(self, e)
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("退回表格"), tr("退回-{name}.xlsx").format(name=Path(loaded.file_name).stem), tr("表格 (*.xlsx)"))
        if path:
            self._write_back(loaded, batch.make_plan(self.office, loaded), Path(path))

    def first_focus(self) -> QWidget | None:
        return {WELCOME: self.choose_button, PREVIEW: self.preview.table, LEDGER: self.ledger.table}.get(self.stack.currentIndex(), self.cancel_job)
