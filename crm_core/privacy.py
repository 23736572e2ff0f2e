"""Sealing of personal data at rest, blind indexes to find it, masking to show it."""

import base64
import hashlib
import hmac
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

KEY_BYTES = 32
_NONCE = 12


class Vault:
    """Seals with AES-256-GCM (a key id in front) and makes keyed hashes to search by."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("DATA_KEY is 32 bytes, written in base64")
        self._aead = AESGCM(hashlib.blake2b(key, digest_size=32, person=b"dasi-seal").digest())
        self._blind_key = hashlib.blake2b(key, digest_size=32, person=b"dasi-blind").digest()
        self._id = hashlib.blake2b(key, digest_size=4, person=b"dasi-id").digest()

    @classmethod
    def from_key(cls, text: str) -> "Vault":
        """Opens a vault from the base64 of 32 bytes; ValueError says what a key looks like."""
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            raise ValueError("DATA_KEY is 32 bytes, written in base64") from None
        return cls(key)

    @staticmethod
    def new_key() -> str:
        return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    @property
    def key_id(self) -> str:
        """Eight hex digits that tell one key from another and reveal neither."""
        return self._id.hex()

    def seal(self, text: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return self._id + nonce + self._aead.encrypt(nonce, text.encode(), self._id)

    def open(self, sealed: bytes) -> str:
        """The text; ValueError when it was sealed with another key."""
        key_id, nonce, body = sealed[:4], sealed[4 : 4 + _NONCE], sealed[4 + _NONCE :]
        if key_id != self._id:
            raise ValueError("sealed with another DATA_KEY")
        return self._aead.decrypt(nonce, body, key_id).decode()

    def blind(self, kind: str, text: str) -> bytes:
        """A keyed hash of 16 bytes: equal texts of one kind have equal hashes, nothing else shows."""
        return hmac.digest(self._blind_key, f"{kind}\0{text}".encode(), "sha256")[:16]


class Sealed(TypeDecorator[str]):
    """A text column sealed at rest; the vault rides on the engine's dialect."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else vault_of_dialect(dialect).seal(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else vault_of_dialect(dialect).open(bytes(value))


def vault_of_dialect(dialect: Dialect) -> Vault:
    vault: Vault = dialect.vault  # type: ignore[attr-defined]
    return vault


def vault_of(db: Session) -> Vault:
    """The vault of the database a session talks to."""
    return vault_of_dialect(db.get_bind().dialect)


def folded_name(name: str) -> str:
    """A name as it is compared: no spaces, no case."""
    return "".join(name.split()).casefold()


def masked_name(name: str) -> str:
    """홍길동 → 홍*동, 김철 → 김*, Jane Smith → J*** S****; nobody is recognised by a channel."""
    name = " ".join(name.split())
    if not name:
        return "*"
    if any("가" <= letter <= "힣" for letter in name) and " " not in name:
        if len(name) == 1:
            return "*"
        return f"{name[0]}*" if len(name) == 2 else f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"
    return " ".join(f"{word[0]}{'*' * max(len(word) - 1, 1)}" for word in name.split(" "))


def masked_phone(last_four: str) -> str:
    """Only the last four digits of a number."""
    return f"010-****-{last_four}" if last_four else "****"


def masked_chart(chart_no: str) -> str:
    return f"…{chart_no[-4:]}"
