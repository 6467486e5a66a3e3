"""Official sheets and the clerk's own blanks: export, bind, fill, read back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu

from app.services import block
from app.services.sheets import blanks, official
from app.ui import errors, jobs
from app.ui.register.change_dialog import ChangeDialog
from app.ui.register.views import action
from app.ui.roster.dialogs import ColumnsDialog
from app.ui.text import tr
from db.problems import UserError
from db.record import fields_of
from db.registers import Member

if TYPE_CHECKING:
    from app.ui.register.page import RegisterPage

XLSX = "表格 (*.xlsx)"
Progress = Callable[[int, int], None]


class MemberSheets:
    """The export menu of the roster: what is shown goes into the official sheet or into a blank of the clerk's."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page

    def show_menu(self) -> None:
        page = self.page
        menu = QMenu(page)
        action(menu, tr("现在显示的这些…"), page.output.ask_export)
        action(menu, tr("工会会员信息采集表…"), self.ask_official)
        action(menu, tr("空白的采集表…"), self.ask_blank)
        with page.office.reading() as session:
            known = blanks.forms(session)
        menu.addSeparator()
        for form in known:
            action(menu, tr("填进“{name}”…").format(name=form.name), partial(self.ask_fill, form))
        action(menu, tr("添一个上级的空白表…"), self.ask_bind)
        if known:
            drop = menu.addMenu(tr("不再用"))
            for form in known:
                drop.addAction(form.name, partial(blanks.forget, page.office, form.id))
        menu.exec(page.export_button.mapToGlobal(QPoint(0, page.export_button.height())))

    def _where(self, title: str, name: str) -> Path | None:
        path, _ = QFileDialog.getSaveFileName(self.page, title, name, tr(XLSX))
        return Path(path) if path else None

    def ask_official(self) -> None:
        if path := self._where(tr("工会会员信息采集表"), tr("工会会员信息采集表.xlsx")):
            self.write(path, lambda rownos, progress: official.write_members(self.page.office, rownos, path, progress=progress))

    def ask_blank(self) -> None:
        if path := self._where(tr("空白的采集表"), tr("工会会员信息采集表-空白.xlsx")):
            try:
                official.write_blank("member", path)
            except UserError as e:
                errors.show(self.page, e)
                return
            self.page.said.emit(tr("空白表已存到 {name}。").format(name=path.name))

    def ask_fill(self, form: blanks.Form) -> None:
        if path := self._where(form.name, f"{Path(form.file_name).stem}-填好.xlsx"):
            self.write(path, lambda rownos, progress: blanks.fill(self.page.office, form.id, rownos, path, progress=progress))

    def write(self, path: Path, work: Callable[[list[int], Progress], list[str]]) -> None:
        """Off the UI thread; then what the sheet had no word for is said."""
        rownos = list(self.page.model.order)

        def done(unsaid: list[str]) -> None:
            self.page.said.emit(tr("已写好 {n} 人：{name}。").format(n=len(rownos), name=path.name) + "".join(unsaid))

        jobs.start(lambda progress: work(rownos, progress), done=done, failed=lambda e: errors.show(self.page, e), reports=True)

    def ask_bind(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.page, tr("选上级发的空白表"), "", tr(XLSX))
        if path:
            self.bind(Path(path))

    def bind(self, path: Path) -> None:
        """Say once which column of the blank is what; it is kept in the vault and filled from then on."""
        try:
            found = blanks.look(path)
        except UserError as e:
            errors.show(self.page, e)
            return
        choices = {official.ROW_NUMBER: tr("序号"), **{f.name: f.label for f in fields_of(Member)}}
        dialog = ColumnsDialog(self.page, found.headers, found.columns, name=path.stem, choices=choices)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        try:
            blanks.keep(self.page.office, path, dialog.name.text(), found, dialog.columns())
        except UserError as e:
            errors.show(self.page, e)
            return
        self.page.said.emit(tr("记住了，以后在“导出表格”里选“填进‘{name}’”。").format(name=dialog.name.text() or path.stem))


class OrganisationSheet:
    """The own union's sheet, out and in."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page

    def ask_write(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self.page, tr("工会组织信息采集表"), tr("工会组织信息采集表.xlsx"), tr(XLSX))
        if path:
            try:
                official.write_organisation(self.page.office, Path(path))
            except UserError as e:
                errors.show(self.page, e)
                return
            self.page.said.emit(tr("已写好 {name}。").format(name=Path(path).name))

    def ask_read(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.page, tr("选填好的组织信息采集表"), "", tr("表格 (*.xlsx *.xls);;所有文件 (*)"))
        if path and self.page.may_leave():
            self.read(Path(path))

    def read(self, path: Path) -> None:
        page = self.page
        try:
            with page.office.reading() as session:
                plan = official.plan_organisation(page.office, session, path)
            if ChangeDialog(page, plan, tr("读入组织信息采集表")).exec() == QDialog.DialogCode.Accepted:
                block.land(page.office, plan, tr("读入组织信息采集表“{name}”").format(name=path.name))
                page.arrived()
        except UserError as e:
            errors.show(page, e)
