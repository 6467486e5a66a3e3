"""Which session of a lecture is meant: a list box that is there only where there are several."""

from datetime import datetime

from sqlalchemy import select

from app.services.office import Office
from app.ui.text import tr
from app.ui.widgets import QuietCombo
from db.registers import LectureSession


class SessionChoice(QuietCombo):
    def __init__(self, office: Office, lecture: str, *, any_of_them: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(tr("场次"))
        with office.reading() as session:
            self.sessions = list(session.scalars(select(LectureSession).where(LectureSession.lecture == lecture, LectureSession.removed_at.is_(None)).order_by(LectureSession.starts_at)))
        if any_of_them or not self.sessions:
            self.addItem(tr("不分场次"), None)
        for found in self.sessions:
            at = f"{found.starts_at.astimezone():%m-%d %H:%M}" if found.starts_at else ""
            self.addItem(f"{found.title}　{at}", found.id)

    def choose_nearest(self, now: datetime) -> None:
        """The session that begins nearest to now."""
        held = [(abs((found.starts_at - now).total_seconds()), found.id) for found in self.sessions if found.starts_at]
        if held:
            self.setCurrentIndex(self.findData(min(held)[1]))

    @property
    def chosen(self) -> str | None:
        found: str | None = self.currentData()
        return found
