"""Why a package is not taken: a code for programs (FORMAT.md, 15) and a sentence for a person."""

from collections.abc import Mapping
from enum import StrEnum

from db.problems import UserError


class Refusal(StrEnum):
    TOO_LARGE = "too-large"
    NOT_A_PACKAGE = "not-a-package"
    UNKNOWN_VERSION = "unknown-version"
    UNKNOWN_SUITE = "unknown-suite"
    NOT_FOR_US = "not-for-us"
    DAMAGED = "damaged"
    BAD_SIGNATURE = "bad-signature"
    WRONG_DIRECTION = "wrong-direction"
    PRACTICE = "practice"
    WRONG_ADDRESSEE = "wrong-addressee"
    WRONG_UNION = "wrong-union"
    UNKNOWN_SENDER = "unknown-sender"
    BAD_PART = "bad-part"
    REPLAYED = "replayed"
    FORKED = "forked"
    GAP = "gap"
    STALE = "stale"
    SERIES_JUMP = "series-jump"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


SENTENCES: Mapping[Refusal, str] = {
    Refusal.TOO_LARGE: "这个文件大得不正常，没有打开。",
    Refusal.NOT_A_PACKAGE: "这个文件里不是数据包或回执，可能选错了，也可能拷坏了。请重新选，或重新拷贝一份。",
    Refusal.UNKNOWN_VERSION: "这个文件是更新的程序做的，请先升级本程序再打开。",
    Refusal.UNKNOWN_SUITE: "这个文件用了本程序不认识的加密方式，请先升级本程序再打开。",
    Refusal.NOT_FOR_US: "这个文件不是给我们的，我们的钥匙打不开。自己报送出去的数据包自己也打不开；回执以 .udrcpt 结尾。",
    Refusal.DAMAGED: "这个文件不完整或被改动过，没有使用其中任何内容。请重新拷贝一份。",
    Refusal.BAD_SIGNATURE: "这个文件的签名不对，可能被改动过，没有使用其中任何内容。",
    Refusal.WRONG_DIRECTION: "拿反了：区里收的是数据包，单位收的是回执。",
    Refusal.PRACTICE: "练习工会的文件不能当真使用，真实的文件也不能在练习里使用。",
    Refusal.WRONG_ADDRESSEE: "这个文件是报给别人的，没有打开。",
    Refusal.WRONG_UNION: "这是别的工会的文件，没有使用。请核对 U 盘。",
    Refusal.UNKNOWN_SENDER: "发件人的钥匙与登记的不一致，没有使用。请打电话核对指纹。",
    Refusal.BAD_PART: "文件里有一部分与清单对不上，没有使用其中任何内容。请重新拷贝一份。",
    Refusal.REPLAYED: "这是以前的旧文件，更新的已经收过，没有使用。",
    Refusal.FORKED: "这个单位的资料分成了两路：同一批有两份不同的内容，没有使用。可能恢复过备份，或者两台电脑在用同一份资料，请打电话问清楚。",
    Refusal.GAP: "前面还缺一批没有收到，没有使用。",
    Refusal.STALE: "这一批是对着一份已经过时的回执做的，没有使用。请单位读入最新的回执再报。",
    Refusal.SERIES_JUMP: "批次号一下跳了太多，没有使用。请打电话核对。",
    Refusal.SUSPENDED: "这个单位暂停报送，没有使用。恢复以后再合并。",
    Refusal.REVOKED: "这个单位的钥匙已经作废，没有使用。",
}


class PackageRefused(UserError):
    """A package that is not taken: its code and the sentence."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(SENTENCES[refusal] + detail)
        self.refusal = refusal
