"""A lecture's photos: added, named, taken out. The first four go on the report."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from app.services.lectures import life, photos
from app.services.office import Office
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, EmptyState, button, clear_grid, label, row
from db.problems import UserError


class PhotosDialog(FramedDialog):
    enter_accepts = False

    def __init__(self, parent: QWidget | None, office: Office, lecture: str) -> None:
        super().__init__(parent, tr("照片"), 900, 620)
        self.office, self.lecture = office, lecture
        self.setAcceptDrops(True)
        self.box.addWidget(label(tr("照片缩小后加密存在资料库里，不留拍摄地点。前 {n} 张印在反馈表上。可以直接拖进来。").format(n=life.PHOTOS[1]), "secondary", wrap=True))
        self.box.addWidget(self.banner)
        column = QVBoxLayout(self.scrolled())
        self.grid = QGridLayout()
        self.grid.setSpacing(px(12))
        column.addLayout(self.grid)
        column.addStretch(1)
        self.box.addLayout(row(button(tr("加照片…"), self.ask, icon_name="plus", primary=True), None, button(tr("好了"), self.accept)))
        self.captions: dict[str, QLineEdit] = {}
        self.fill()

    def fill(self) -> None:
        clear_grid(self.grid)
        self.captions.clear()
        with self.office.vault.engine.connect() as connection:
            kept = photos.of_lecture(connection, self.lecture)
        columns = max(1, (self.width() - px(60)) // px(262))
        for n, photo in enumerate(kept):
            card = Card(padding=8, spacing=6)
            shown = QLabel()
            picture = QPixmap()
            picture.loadFromData(photo.body)
            shown.setPixmap(picture.scaled(px(220), px(154), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
            shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
            shown.setAccessibleName(photo.caption or tr("照片 {n}").format(n=n + 1))
            caption = QLineEdit(photo.caption)
            caption.setPlaceholderText(tr("说明：会场、签到…"))
            caption.setAccessibleName(tr("照片说明"))
            caption.editingFinished.connect(partial(self._name, photo.id, caption))
            self.captions[photo.id] = caption
            card.body.addWidget(shown)
            card.body.addLayout(row(caption, button("", partial(self.remove, photo.id), icon_name="trash-2", tip=tr("删除这张照片")), wide=caption, spacing=6))
            self.grid.addWidget(card, n // columns, n % columns)
        if not kept:
            self.grid.addWidget(EmptyState("image", tr("还没有照片"), tr("反馈表要 {a} 到 {b} 张。").format(a=life.PHOTOS[0], b=life.PHOTOS[1])), 0, 0)

    def _name(self, photo: str, caption: QLineEdit) -> None:
        try:
            photos.name(self.office, photo, caption.text())
        except UserError as e:
            self.banner.say(str(e), "warn")

    def ask(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("加照片"), "", tr("照片 (*.jpg *.jpeg *.png *.bmp *.webp *.tif *.tiff)"))
        if paths:
            self.add([Path(path) for path in paths])

    def add(self, paths: list[Path]) -> None:
        """Keep them; the sentences of those that could not be kept."""
        said = []
        for path in paths:
            try:
                photos.add(self.office, self.lecture, path)
            except UserError as e:
                said.append(str(e))
        self.banner.say("".join(said), "warn")
        self.fill()

    def remove(self, photo: str) -> None:
        if QMessageBox.question(self, tr("删除照片"), tr("删除以后找不回来，要删除吗？")) == QMessageBox.StandardButton.Yes:
            photos.remove(self.office, photo)
            self.fill()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
