"""Enter members for a competition: pick the trade, type people one after the other, enter all at once."""

from PySide6.QtWidgets import QComboBox, QWidget

from app.services import entries
from app.services.entries import Entered
from app.services.office import Office
from app.ui.people_dialog import PeopleDialog
from app.ui.text import tr
from app.ui.widgets import QuietCombo
from db.registers import Competition
from db.registers.competitions import trades_of


class EntryDialog(PeopleDialog):
    """Who was refused is named with the reason; who could be entered is entered."""

    def __init__(self, office: Office, competition: Competition, parent: QWidget | None = None) -> None:
        self.competition = competition
        self.entered: Entered | None = None
        self.trade: QComboBox = QuietCombo()
        self.trade.addItems(list(trades_of(competition.trades)))
        self.trade.setAccessibleName(tr("工种"))
        super().__init__(parent, office, tr("竞赛报名"), competition.title, tr("报名"), self._enter, top=self.trade, top_label=tr("工种"))

    def _enter(self, members: list[str]) -> tuple[int, list[str]]:
        self.entered = entries.enter(self.office, self.competition.id, self.trade.currentText(), members)
        return len(self.entered.entries), [r.why for r in self.entered.refused]
