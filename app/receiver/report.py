"""What opening or merging a package came to, for the screen, the terminal and the tests."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from app.receiver.lines import REFUSED, WAITING
from db.registers import REGISTERS, register_named


@dataclass(frozen=True)
class Outcome:
    """What became of a record that was not simply taken."""

    register: str
    record_id: str
    outcome: str
    code: str
    message: str
    title: str = ""


@dataclass
class Report:
    """What opening or merging a package came to. `fingerprint` is what a person compares before an office is enrolled."""

    union_id: str
    union: str
    uscc: str
    series: int
    made_at: str
    digest: str
    fingerprint: str
    words: str
    enrolled: bool
    already_merged: bool
    skipped_series: tuple[int, ...]
    new_keys: bool
    """The office proved that its keys were renewed."""
    another_device: bool
    """It was made on another PC than the one before."""
    reconciles: bool
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    differs: tuple[str, ...] = ()
    """Registers of which the district holds something else than the office, after merging."""
    street: str = ""
    """The street union whose opinion came with it."""
    opinions: int = 0

    @property
    def accepted(self) -> int:
        return sum(c["accepted"] + c["unchanged"] for c in self.counts.values())

    @property
    def refused(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.outcome == REFUSED]

    @property
    def waiting(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.outcome == WAITING]

    def summary(self) -> str:
        made = datetime.fromisoformat(self.made_at).astimezone()
        lines = [f"{self.union}（{self.uscc}）第 {self.series} 批，{made:%Y-%m-%d %H:%M} 制作", f"核对码 {'-'.join(self.digest[i : i + 4].upper() for i in range(0, 16, 4))}"]
        lines.append("已登记的单位" if self.enrolled else f"首次报送，核对的指纹：{self.fingerprint}（{self.words}）")
        said = [
            (self.already_merged, "这一批以前已经合并过，再合并不会有变化。"), (self.new_keys, "单位换了钥匙，旧钥匙证明了新钥匙，已接着登记。"),
            (self.another_device, "这一批是在另一台电脑上做的，如果单位没说换过电脑，请打电话问一下。"), (self.reconciles, "这一批是核对：只带两边不一致的记录。"),
            (bool(self.skipped_series), f"第 {'、'.join(map(str, self.skipped_series))} 批没有收到，但内容都包含在这一批里。"),
            (bool(self.street), f"经 {self.street} 初审，带来 {self.opinions} 条意见。"),
        ]
        lines += [sentence for holds, sentence in said if holds]
        words = (("accepted", "收下"), ("unchanged", "没变化"), ("withdrawn", "撤回"), ("refused", "不收"), ("waiting", "等人决定"))
        for register in REGISTERS:
            if c := self.counts.get(register.__tablename__):
                lines.append(f"  {register.label}：{'，'.join(f'{word} {c[key]}' for key, word in words if c[key] or key == 'accepted')} 条")
        lines += [f"  {'不收' if o.outcome == REFUSED else '等人决定'}：{register_named(o.register).label} {o.message}" for o in self.outcomes[:20]]
        if self.differs:
            lines.append(f"合并以后{'、'.join(register_named(name).label for name in self.differs)}与单位的不一致，做回执时会请单位核对。")
        return "\n".join(lines)
