"""Upper unions' own Word blanks in the print menus: bound once, then filled for one record or for many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog, QMenu

from app.services import listing
from app.services.exchange.send import plain_file_name
from app.services.sheets import blanks, papers
from app.services.sheets.papers import Paper
from app.ui import errors
from app.ui.roster.dialogs import ColumnsDialog
from app.ui.text import tr
from db.problems import UserError
from db.record import Record

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow

_WORD = "Word (*.docx)"


class WordBlanks:
    """Adds its lines to a print menu."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def offer(self, menu: QMenu, register: type[Record], ids: Sequence[str]) -> None:
        with self.window.office.reading() as session:
            known = papers.papers(session, register)
        menu.addSeparator()
        for paper in known if ids else ():
            menu.addAction(tr("填进“{name}”（Word）：{n} {counter}").format(name=paper.name, n=len(ids), counter=register.counter), partial(self.ask_fill, paper, list(ids)))
        menu.addAction(tr("添一个上级的 Word 空白表…"), partial(self.ask_bind, register))
        if known:
            drop = menu.addMenu(tr("不再用的空白表"))
            for paper in known:
                drop.addAction(paper.name, partial(blanks.forget, self.window.office, paper.id))

    def ask_bind(self, register: type[Record]) -> None:
        path, _ = QFileDialog.getOpenFileName(self.window, tr("选上级发的空白表"), "", tr(_WORD))
        if path:
            self.bind(register, Path(path))

    def bind(self, register: type[Record], path: Path) -> None:
        """Say once what goes where; it is kept in the vault."""
        try:
            found = papers.places(path.read_bytes())
        except OSError:
            errors.show(self.window, UserError(tr("读不到“{name}”，请看文件还在不在。").format(name=path.name)))
            return
        except UserError as e:
            errors.show(self.window, e)
            return
        if not found:
            errors.show(self.window, UserError(tr("这个 Word 文件里没有找到要填的地方：没有表格的空格，也没有 ${…} 这样的记号。")))
            return
        likely = papers.suggest(register, found)
        headers = {n: (place.label if place.label == place.key or "." in place.key else f"{place.label}　${{{place.key}}}") for n, place in enumerate(found)}
        columns = {n: likely[place.key] for n, place in enumerate(found) if place.key in likely}
        dialog = ColumnsDialog(self.window, headers, columns, name=path.stem, choices=papers.choices(register))
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        try:
            papers.keep(self.window.office, register, path, dialog.name.text(), {found[n].key: field for n, field in dialog.columns().items()})
        except UserError as e:
            errors.show(self.window, e)
            return
        self.window.toast.say(tr("记住了，以后在“打印表格”里选“填进‘{name}’”。").format(name=dialog.name.text() or path.stem))

    def ask_fill(self, paper: Paper, ids: list[str]) -> None:
        stem = Path(paper.file_name).stem
        if len(ids) == 1:
            path, _ = QFileDialog.getSaveFileName(self.window, paper.name, f"{stem}-{self._name(paper, ids[0])}.docx", tr(_WORD))
            if path:
                self.fill(paper, {ids[0]: Path(path)})
        elif folder := QFileDialog.getExistingDirectory(self.window, tr("存到哪个文件夹")):
            self.fill(paper, {record_id: Path(folder) / f"{stem}-{n:03}-{self._name(paper, record_id)}.docx" for n, record_id in enumerate(ids, 1)})

    def _name(self, paper: Paper, record_id: str) -> str:
        with self.window.office.reading() as session:
            return plain_file_name(listing.titles(session, paper.register, [record_id]).get(record_id, ""))

    def fill(self, paper: Paper, where: dict[str, Path]) -> None:
        """One file a record."""
        try:
            for record_id, path in where.items():
                path.write_bytes(papers.fill(self.window.office, paper, record_id))
        except OSError:
            errors.show(self.window, UserError(tr("没有写成，请检查位置是否只读、磁盘是否已满，或者文件是不是正开着。")))
            return
        except UserError as e:
            errors.show(self.window, e)
            return
        self.window.toast.say(tr("写好了 {n} 份。").format(n=len(where)))
