"""The form editor: what is changed is seen at once, and kept only when it can be printed."""

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QMessageBox

from app.services import form_editing
from app.ui.form_editor import VALUE, FormEditor
from app.ui.main_window import MainWindow


@pytest.fixture
def editor(window: MainWindow, qtbot: Any) -> FormEditor:
    made = FormEditor(window, window.office, "competition_entry")
    qtbot.addWidget(made)
    made.show()
    return made


def row_of(editor: FormEditor, value: str) -> int:
    return next(n for n, spot in enumerate(editor.spots) if spot.value == value)


def pictures(editor: FormEditor) -> int:
    return len(editor.area.findChildren(QLabel))


def test_a_changed_word_is_drawn_and_kept(editor: FormEditor, window: MainWindow, qtbot: Any) -> None:
    assert pictures(editor) == 1 and not editor.keep_button.isEnabled()
    item = editor.table.item(row_of(editor, "职业技能竞赛报名表"), VALUE)
    assert item is not None
    before = editor.area.grab().toImage()
    item.setText("岗位练兵报名表")
    editor.draw()
    assert editor.area.grab().toImage() != before and editor.keep_button.isEnabled()
    editor.keep()
    assert "岗位练兵" in form_editing.source(window.office, "competition_entry") and editor.origin.text() == "本工会改过" and not editor.is_dirty
    editor.restore()
    assert editor.origin.text() == "程序自带" and editor.spots[0].value == "职业技能竞赛报名表"


def test_a_size_that_is_no_number_goes_back(editor: FormEditor) -> None:
    row = next(n for n, spot in enumerate(editor.spots) if spot.kind == form_editing.NUMBER)
    item = editor.table.item(row, VALUE)
    assert item is not None
    item.setText("很宽")
    assert item.text() == editor.spots[row].value and "尺寸" in editor.banner.text.text() and not editor.is_dirty


def test_a_broken_definition_says_why_and_cannot_be_kept(editor: FormEditor) -> None:
    editor.tabs.setCurrentIndex(1)
    editor.text.setPlainText(editor.text.toPlainText().replace("{member.full_name}", "{member.nick_name}"))
    editor.draw()
    assert "没有这一项" in editor.banner.text.text() and not editor.keep_button.isEnabled() and pictures(editor) == 1
    assert editor.is_dirty


def test_a_row_is_doubled_and_dropped_and_another_form_asks_first(editor: FormEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(editor.spots)
    editor.table.setCurrentCell(next(n for n, spot in enumerate(editor.spots) if spot.path[-1] == "label"), VALUE)
    editor.double()
    assert len(editor.spots) > count
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.No)
    editor.forms.setCurrentIndex(editor.forms.findData("badge"))
    assert editor.name == "competition_entry"
    editor.drop()
    assert len(editor.spots) == count
