"""What this PC remembers between starts: the last union's folder, theme, scale. Nothing about people."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

_APP = "UnionDesk"
FOLDER_VARIABLE = "UNIONDESK_HOME"


def home() -> Path:
    """Where this program keeps its own things."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given) if given else Path(platformdirs.user_data_dir(_APP, appauthor=False))


@dataclass
class Preferences:
    theme: str = "light"
    scale: float = 1.0
    vault: str = ""
    last_user: str = ""
    idle_minutes: int = 10
    tables: dict[str, Any] = field(default_factory=dict)
    """Per register: visible columns and widths."""

    def save(self) -> None:
        folder = home()
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / "preferences.json.new"
        beside.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        beside.replace(folder / "preferences.json")


def load() -> Preferences:
    """The saved preferences; the defaults when there are none or they cannot be read."""
    try:
        raw = json.loads((home() / "preferences.json").read_text("utf-8"))
        return Preferences(**{k: v for k, v in raw.items() if k in Preferences.__dataclass_fields__})
    except (OSError, ValueError, TypeError, AttributeError):
        return Preferences()
