"""The two suites of FORMAT.md, 3, behind one interface: hash, signature, encryption to one or more recipients.

Both are put together from kept libraries: age v1 by pyrage, Ed25519, SM3 and SM4-GCM by cryptography, SM2 by gmalg. The second
suite is not a certified cryptographic module, and gmalg is plain Python: not constant-time, some 10 ms an operation.
"""

import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import pyrage
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.hashes import SM3, Hash

MOST_RECIPIENTS = 16


class NotForUs(Exception):
    """None of the given identities opens it."""


class Broken(Exception):
    """It was cut, altered, or never was one."""


class Suite(ABC):
    """Keys travel as text: signing keys in hexadecimal, recipients and identities as the suite writes them."""

    name: str
    key_length: int
    """Bytes of a public signing key."""

    @property
    def header(self) -> bytes:
        return f"UNIONDESK-PACKAGE/1 {self.name}\n".encode()

    @abstractmethod
    def digest(self, *pieces: bytes) -> bytes:
        """32 bytes of the suite's hash over the pieces, one after the other."""

    @abstractmethod
    def make(self) -> tuple[str, str]:
        """A new private signing key and a new identity."""

    @abstractmethod
    def public(self, signing: str, identity: str) -> tuple[str, str]:
        """The public signing key and recipient of private ones. ValueError when they are none."""

    @abstractmethod
    def are_keys(self, signing_key: str, recipient: str) -> bool:
        """Whether these are public keys of this suite."""

    @abstractmethod
    def sign(self, signing: str, message: bytes) -> bytes:
        """64 bytes."""

    @abstractmethod
    def verify(self, signing_key: str, signature: bytes, message: bytes) -> bool:
        """False as well for what is no key and no signature."""

    @abstractmethod
    def encrypt(self, content: bytes, recipients: Sequence[str]) -> bytes:
        """The ciphertext after the header."""

    @abstractmethod
    def decrypt(self, ciphertext: bytes, identities: Sequence[str]) -> bytes:
        """The content. NotForUs or Broken."""


class Age(Suite):
    """age v1 to X25519 recipients, Ed25519, SHA-256."""

    name = "age-x25519+ed25519"
    key_length = 32

    def digest(self, *pieces: bytes) -> bytes:
        found = hashlib.sha256()
        for piece in pieces:
            found.update(piece)
        return found.digest()

    def make(self) -> tuple[str, str]:
        return Ed25519PrivateKey.generate().private_bytes_raw().hex(), str(pyrage.x25519.Identity.generate())

    def public(self, signing: str, identity: str) -> tuple[str, str]:
        try:
            recipient = str(pyrage.x25519.Identity.from_str(identity).to_public())
        except pyrage.IdentityError:
            raise ValueError("no age identity") from None
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing)).public_key().public_bytes_raw().hex(), recipient

    def are_keys(self, signing_key: str, recipient: str) -> bool:
        if not re.fullmatch("[0-9a-f]{64}", signing_key) or not re.fullmatch("age1[0-9a-z]{1,90}", recipient):
            return False
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError:
            return False
        return True

    def sign(self, signing: str, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing)).sign(message)

    def verify(self, signing_key: str, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(signing_key)).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def encrypt(self, content: bytes, recipients: Sequence[str]) -> bytes:
        body: bytes = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(r) for r in recipients])
        return body

    def decrypt(self, ciphertext: bytes, identities: Sequence[str]) -> bytes:
        if not ciphertext.startswith(b"age-encryption.org/v1\n"):
            raise Broken  # pyrage would read an armoured file as well
        try:
            content: bytes = pyrage.decrypt(ciphertext, [pyrage.x25519.Identity.from_str(i) for i in identities])
        except pyrage.DecryptError as e:
            raise (NotForUs if "no matching keys" in str(e).lower() else Broken) from None
        return content


class National(Suite):
    """SM2 signature and key encapsulation, SM4-GCM, SM3 (GB/T 32918, 32907, 32905)."""

    name = "sm2-sm4gcm+sm2-sm3"
    key_length = 64
    _IDENTITY = b"1234567812345678"
    _STANZA, _TAG, _NONCE, _GCM_TAG = 16 + 65 + 32 + 16, 16, 12, 16

    def digest(self, *pieces: bytes) -> bytes:
        found = Hash(SM3())
        for piece in pieces:
            found.update(piece)
        return found.finalize()

    def make(self) -> tuple[str, str]:
        from gmalg import SM2

        signing, identity = (SM2().generate_keypair()[0].rjust(32, b"\0").hex() for _ in range(2))
        return signing, identity

    def public(self, signing: str, identity: str) -> tuple[str, str]:
        return _point_of(signing), "sm2" + _point_of(identity)

    def are_keys(self, signing_key: str, recipient: str) -> bool:
        return _is_point(signing_key) and recipient[:3] == "sm2" and _is_point(recipient[3:])

    def sign(self, signing: str, message: bytes) -> bytes:
        from gmalg import SM2

        r, s = SM2(sk=bytes.fromhex(signing), uid=self._IDENTITY).sign(message)
        return bytes(r.rjust(32, b"\0") + s.rjust(32, b"\0"))

    def verify(self, signing_key: str, signature: bytes, message: bytes) -> bool:
        from gmalg import SM2

        if len(signature) != 64 or not _is_point(signing_key):
            return False
        return bool(SM2(uid=self._IDENTITY, pk=b"\x04" + bytes.fromhex(signing_key)).verify(message, signature[:32], signature[32:]))

    def encrypt(self, content: bytes, recipients: Sequence[str]) -> bytes:
        from gmalg import SM2

        key, nonce = secrets.token_bytes(16), secrets.token_bytes(self._NONCE)
        stanzas = [self._tag_of(r) + SM2(pk=b"\x04" + bytes.fromhex(r[3:])).encrypt(key) for r in recipients]
        about = bytes([len(stanzas)]) + b"".join(stanzas)
        sealer = Cipher(SM4(key), modes.GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(self.header + about)
        return about + nonce + sealer.update(content) + sealer.finalize() + sealer.tag

    def decrypt(self, ciphertext: bytes, identities: Sequence[str]) -> bytes:
        count = ciphertext[0] if ciphertext else 0
        start = 1 + count * self._STANZA
        if not 1 <= count <= MOST_RECIPIENTS or len(ciphertext) < start:
            raise Broken
        key = self._key([ciphertext[n : n + self._STANZA] for n in range(1, start, self._STANZA)], identities)
        if len(ciphertext) < start + self._NONCE + self._GCM_TAG:
            raise Broken
        nonce, tag = ciphertext[start : start + self._NONCE], ciphertext[-self._GCM_TAG :]
        opener = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
        opener.authenticate_additional_data(self.header + ciphertext[:start])
        try:
            content: bytes = opener.update(ciphertext[start + self._NONCE : -self._GCM_TAG]) + opener.finalize()
        except InvalidTag:
            raise Broken from None
        return content

    def _tag_of(self, recipient: str) -> bytes:
        return self.digest(bytes.fromhex(recipient[3:]))[: self._TAG]

    def _key(self, stanzas: Iterable[bytes], identities: Sequence[str]) -> bytes:
        from gmalg import SM2
        from gmalg.errors import GMError

        ours = {self._tag_of("sm2" + _point_of(identity)): identity for identity in identities}
        for stanza in stanzas:
            if (identity := ours.get(stanza[: self._TAG])) is None:
                continue
            point = stanza[self._TAG : self._TAG + 65]
            if point[0] != 4 or not _is_point(point[1:].hex()):
                raise Broken
            try:
                key: bytes = SM2(sk=bytes.fromhex(identity)).decrypt(stanza[self._TAG :])
            except GMError:
                raise Broken from None
            return key
        raise NotForUs


def _point_of(private: str) -> str:
    from gmalg import SM2

    raw = bytes.fromhex(private)
    if len(raw) != 32:
        raise ValueError("no SM2 key")
    made: bytes = SM2().generate_pk(raw)
    return made[1:].hex()


def _is_point(written: str) -> bool:
    """Whether these hexadecimal digits are x and y of a point of the curve (GB/T 32918.5), the neutral one excepted."""
    if not re.fullmatch("[0-9a-f]{128}", written):
        return False
    x, y = int(written[:64], 16), int(written[64:], 16)
    p, b = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF, 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
    return x < p and y < p and (y * y - (x * x * x - 3 * x + b)) % p == 0


AGE, NATIONAL = Age(), National()
SUITES: Mapping[str, Suite] = {suite.name: suite for suite in (AGE, NATIONAL)}


def suite_of(recipient_or_identity: str) -> Suite:
    """The suite that a recipient or an identity is written in."""
    return AGE if recipient_or_identity[:3].lower() == "age" else NATIONAL
