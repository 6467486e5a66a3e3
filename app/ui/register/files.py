"""The files of a record: portrait, scans, pictures for the annex; added, looked at, named, saved, taken away."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QVBoxLayout, QWidget

from app.services import files
from app.services.files import PAPER, PHOTO, PICTURE, SCAN, Kept
from app.services.office import Office
from app.ui import errors
from app.ui.asking import sure
from app.ui.dialog import FramedDialog
from app.ui.portrait import PortraitDialog
from app.ui.preview import Preview
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, Icon, button, clear, label, row
from db.problems import UserError
from db.record import Record, fields_of
from db.registers import Member

_PICTURES = (".jpg", ".jpeg", ".png")
_ICONS = {PHOTO: "user", SCAN: "scan-line", PICTURE: "image", PAPER: "file-text"}


class PictureDialog(FramedDialog):
    """A kept picture, as large as the screen allows."""

    def __init__(self, parent: QWidget | None, body: bytes, title: str) -> None:
        super().__init__(parent, title, 900, 680)
        shown, picture = QLabel(), QPixmap()
        picture.loadFromData(body)
        shown.setPixmap(picture.scaled(px(860), px(560), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
        shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown.setAccessibleName(title)
        self.box.addWidget(shown, 1)
        self.box.addLayout(row(None, button(tr("关闭"), self.accept, primary=True)))


class FilesCard(Card):
    """What is kept with one record. `changed` is called when something was added or taken away."""

    def __init__(self, office: Office, *, changed: Callable[[], object] = lambda: None) -> None:
        super().__init__(padding=14, spacing=8)
        self.office, self._changed = office, changed
        self.register: type[Record] | None = None
        self.record_id: str | None = None
        self.kept: list[Kept] = []
        self.head = label("", "section")
        self.photo_button = button(tr("照片…"), self.ask_photo, icon_name="camera", tip=tr("选一张照片，按要求裁好；印在表格的照片格里"))
        self.add_button = button(tr("加附件…"), self.ask, icon_name="plus", tip=tr("证书扫描件、证明、附页图片；也可以直接拖进来"))
        self.body.addLayout(row(self.head, None, self.photo_button, self.add_button, spacing=6))
        self._list = QVBoxLayout()
        self._list.setSpacing(px(6))
        self.body.addLayout(self._list)
        self.setAcceptDrops(True)

    def show_record(self, register: type[Record], record_id: str) -> None:
        self.register, self.record_id = register, record_id
        self.photo_button.setVisible(register is Member or any(f.kind.refers_to == Member.__tablename__ for f in fields_of(register)))
        self.fill()

    def fill(self) -> None:
        clear(self._list)
        if self.register is None or self.record_id is None:
            return
        with self.office.vault.engine.connect() as connection:
            owner, owner_id = files.whose_photo(connection, self.register, self.record_id)
            hers = [k for k in files.of_record(connection, owner_id) if k.role == PHOTO] if owner is not self.register else []
            self.kept = [*hers, *files.of_record(connection, self.record_id)]
            thumbs = {k.id: files.body_of(connection, k.id) for k in self.kept if k.role in (PHOTO, PICTURE)}
        self.head.setText(tr("附件（{n}）").format(n=len(self.kept)) if self.kept else tr("附件"))
        for kept in self.kept:
            self._list.addLayout(self._line(kept, thumbs.get(kept.id)))
        if not self.kept:
            self._list.addWidget(label(tr("证书扫描件、证明材料放在这里，加密保存，不留在电脑的别处。"), "secondary", wrap=True))

    def _line(self, kept: Kept, thumb: bytes | None) -> Any:
        if thumb:
            picture = QPixmap()
            picture.loadFromData(thumb)
            mark: QWidget = QLabel()
            assert isinstance(mark, QLabel)
            mark.setPixmap(picture.scaled(px(30), px(38), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
            mark.setFixedWidth(px(34))
        else:
            mark = Icon(_ICONS.get(kept.role, "file-text"), "secondary", 20)
        words = label(f"{tr(kept.role)}　{kept.name}", wrap=True)
        words.setToolTip(tr("{size} KB，{day} 加入").format(size=max(1, kept.size // 1024), day=kept.added_at[:10]))
        look = button("", partial(self.look, kept), icon_name="eye", tip=tr("看：{name}").format(name=kept.name))
        gone = button("", partial(self.remove, kept), icon_name="trash-2", tip=tr("去掉：{name}").format(name=kept.name))
        return row(mark, words, look, gone, spacing=6, wide=words)

    # -- what is done

    def ask(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("加附件"), "", tr("文件 ({kinds})").format(kinds=" ".join(f"*{kind}" for kind in files.ALLOWED)))
        self.add([Path(path) for path in paths])

    def add(self, paths: list[Path]) -> None:
        """Pictures are asked about: for the annex of a form, or a scan for the file."""
        said = []
        for path in paths:
            role = self._role_of(path) if path.suffix.lower() in _PICTURES else SCAN if path.suffix.lower() == ".pdf" else PAPER
            if role and self.register is not None and self.record_id is not None:
                try:
                    files.add(self.office, self.register, self.record_id, path, role)
                except UserError as e:
                    said.append(str(e))
        if said:
            errors.show(self, UserError("".join(said)))
        self.fill()
        self._changed()

    def _role_of(self, path: Path) -> str:
        box = QMessageBox(self)
        box.setWindowTitle(tr("这张图是什么"))
        box.setText(tr("“{name}”是什么？").format(name=path.name))
        scan = box.addButton(tr("扫描件（留底）"), QMessageBox.ButtonRole.AcceptRole)
        picture = box.addButton(tr("附页图片（印在表后）"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(tr("取消"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(scan)
        box.exec()
        return SCAN if box.clickedButton() is scan else PICTURE if box.clickedButton() is picture else ""

    def ask_photo(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("选照片"), "", tr("照片 (*.jpg *.jpeg *.png *.bmp *.webp)"))
        if path:
            self.take_photo(Path(path))

    def take_photo(self, path: Path) -> None:
        """Cut it to what is asked and keep it with the person."""
        assert self.register is not None and self.record_id is not None
        try:
            with self.office.vault.engine.connect() as connection:
                rule = files.photo_rule(connection, self.register, self.record_id, self.office.clock().astimezone().date())
                owner, owner_id = files.whose_photo(connection, self.register, self.record_id)
            dialog = PortraitDialog(self, path.read_bytes(), rule)
            if dialog.exec():
                files.put(self.office, owner, owner_id, tr("照片.jpg") if dialog.fits else tr("照片（不符合要求）.jpg"), dialog.body, PHOTO)
        except OSError:
            errors.show(self, UserError(tr("读不到“{name}”，请看文件还在不在。").format(name=path.name)))
        except UserError as e:
            errors.show(self, e)
        self.fill()
        self._changed()

    def look(self, kept: Kept) -> None:
        """Pictures and PDFs are shown from the vault; everything else is saved where the clerk says."""
        try:
            with self.office.vault.engine.connect() as connection:
                body = files.body_of(connection, kept.id)
        except UserError as e:
            errors.show(self, e)
            return
        if kept.media_type == "application/pdf":
            shown = Preview(body, kept.name, self)
            shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            shown.open()
        elif kept.media_type.startswith("image/"):
            PictureDialog(self, body, kept.name).exec()
        elif path := QFileDialog.getSaveFileName(self, tr("另存为"), kept.name)[0]:
            try:
                Path(path).write_bytes(body)
            except OSError:
                errors.show(self, UserError(tr("没有写成，请检查位置是否只读、磁盘是否已满。")))

    def remove(self, kept: Kept) -> None:
        if sure(self, tr("去掉附件"), tr("去掉以后找不回来，要去掉“{name}”吗？").format(name=kept.name)):
            files.remove(self.office, kept.id)
            self.fill()
            self._changed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


class FilesDialog(FramedDialog):
    """The same for a record whose page has no room beside its fields."""

    def __init__(self, parent: QWidget | None, office: Office, register: type[Record], record_id: str, title: str) -> None:
        super().__init__(parent, tr("附件：{title}").format(title=title), 560, 460)
        column = QVBoxLayout(self.scrolled())
        self.card = FilesCard(office)
        self.card.show_record(register, record_id)
        column.addWidget(self.card)
        column.addStretch(1)
        self.box.addLayout(row(None, button(tr("好了"), self.accept, primary=True)))
