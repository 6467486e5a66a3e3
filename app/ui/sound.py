"""Short sounds for the door, made here as sine tones. Without QtMultimedia, or without a sound device, the door is silent and works."""

import math
import struct
import tempfile
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RATE = 22050
TONES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "good": ((880, 0.09), (1320, 0.14)), "again": ((660, 0.12), (660, 0.12)), "ask": ((740, 0.16),), "bad": ((330, 0.18), (262, 0.26)),
}
"""Name -> (frequency in Hz, seconds), one after the other."""


def samples(tones: tuple[tuple[float, float], ...]) -> bytes:
    """16-bit mono with soft edges."""
    out = bytearray()
    for frequency, seconds in tones:
        count = int(RATE * seconds)
        for n in range(count):
            edge = min(1.0, n / 200, (count - n) / 900)
            out += struct.pack("<h", int(11000 * edge * math.sin(2 * math.pi * frequency * n / RATE)))
    return bytes(out)


class Sounds:
    """Plays by name; nothing happens where there is no sound."""

    def __init__(self) -> None:
        self._effects: dict[str, Any] = {}
        try:
            from PySide6.QtCore import QUrl
            from PySide6.QtMultimedia import QMediaDevices, QSoundEffect
        except ImportError:
            return  # QtMultimedia is an extra; see pyproject
        if QMediaDevices.defaultAudioOutput().isNull():
            return
        self._folder = tempfile.TemporaryDirectory()
        for name, tones in TONES.items():
            path = Path(self._folder.name) / f"{name}.wav"
            with wave.open(str(path), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(RATE)
                out.writeframes(samples(tones))
            effect = QSoundEffect()
            effect.setSource(QUrl.fromLocalFile(str(path)))
            self._effects[name] = effect

    def play(self, name: str) -> None:
        if effect := self._effects.get(name):
            effect.play()
