"""Our reader, driven by the context of a test vector (tests/vectors/README.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.receiver.offices import check_status
from app.sync import package
from app.sync.keys import KeyRing, PrivateKeys, PublicKeys
from app.sync.package import Expected, Opened
from app.sync.refusals import PackageRefused, Refusal
from app.sync.series import Known, Verdict, judge_answer
from app.sync.suites import Suite


@dataclass(frozen=True)
class _ReadingKey:
    """What a reader needs of its own keys: it signs nothing."""

    identity: str
    public: PublicKeys

    @property
    def suite(self) -> Suite:
        return self.public.suite


def _judge(opened: Opened, context: Mapping[str, Any]) -> Verdict | Refusal:
    known = context.get("known")
    if known is None:
        return Verdict.MERGE
    if context["direction"] == "up":
        state = Known(known["last"], {int(k): v for k, v in known["known"].items()}, frozenset(known["merged"]), known["reached"], known["holdings"])
        return state.judge(opened.manifest, opened.digest)
    return judge_answer(known["last"], known["digest"], opened.series, opened.digest)


def read(body: bytes, context: Mapping[str, Any]) -> str:
    """`ok`, `again`, or the code of the refusal."""
    own = [_ReadingKey(k["identity"], PublicKeys(k["signing_key"], k["recipient"])) for k in context["keys"]]
    ring = KeyRing(tuple(cast(list[PrivateKeys], own)))
    sender = PublicKeys(context["sender"]["signing_key"], context["sender"]["recipient"]) if context["sender"] else None
    expected = Expected(context["direction"], context["practice"], sender, context["union"], context.get("sender_id"), context.get("street", False))
    try:
        opened = package.open_bytes(body, keys=ring, expected=expected)
        if context.get("standing"):
            check_status({"status": context["standing"], **context["sender"]}, opened.sender)
        verdict = _judge(opened, context)
        if isinstance(verdict, Refusal):
            return verdict.value
        opened.check_parts()
        if opened.manifest["direction"] == "opinion":
            package.check_enclosed(opened, keys=ring)
    except PackageRefused as e:
        return e.refusal.value
    return "ok" if verdict is Verdict.MERGE else "again"
