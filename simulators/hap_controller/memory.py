"""Who an accessory is and which controllers it knows, also over a restart."""

from dataclasses import dataclass, field
import hashlib
import json
from pathlib import Path
import random
from typing import Any, Self

from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.setup_code import (
    INSECURE_CODES,
    SetupPayload,
    setup_hash_text,
)

_SETUP_ID_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LAST_CONFIGURATION = 65535
_CODES = 100_000_000
_SEED_BYTES = 32


@dataclass(slots=True)
class Controller:
    """One that was paired."""

    public_key: bytes
    admin: bool


@dataclass(slots=True)
class Memory:
    """What survives a restart, where there is a file for it."""

    device_id: str
    setup_code: str = field(repr=False)
    setup_id: str = field(repr=False)
    seed: bytes = field(repr=False)
    """Of the key that the accessory signs with."""
    controllers: dict[str, Controller] = field(default_factory=dict)
    """By their ids; bytes that are no text survive as surrogates."""
    failed_attempts: int = 0
    """To pair, since the last good one."""
    configuration: int = 1
    """``c#``."""
    fingerprint: str = ""
    """Of the description that has this number."""
    path: Path | None = field(default=None, repr=False)

    @classmethod
    def fresh(cls, chance: random.Random | None = None) -> Self:
        """Make up an accessory that nobody has paired yet; by chance, or by a seed the same each time."""
        chance = chance or random.SystemRandom()
        return cls(
            device_id=":".join(f"{chance.randrange(256):02X}" for _ in range(6)),
            setup_code=_setup_code(chance),
            setup_id="".join(chance.choices(_SETUP_ID_DIGITS, k=4)),
            seed=bytes(chance.randrange(256) for _ in range(_SEED_BYTES)),
        )

    @property
    def paired(self) -> bool:
        """Whether any controller is known."""
        return bool(self.controllers)

    @property
    def signing_key(self) -> SigningKey:
        """The key that the accessory proves itself with."""
        return SigningKey(self.seed)

    @property
    def setup_hash(self) -> str:
        """What is announced for those who scanned the payload (§1.7)."""
        return setup_hash_text(self.setup_id, self.device_id)

    def setup_payload(self, category: int) -> str:
        """Give what stands on the label as a picture."""
        return SetupPayload(
            category=category, setup_code=self.setup_code, setup_id=self.setup_id, ip=True
        ).encode()

    def describe(self, description: object) -> bool:
        """Take what the accessory consists of; the number goes up when that is news. Tells whether it did."""
        text = json.dumps(description, sort_keys=True)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        news = self.fingerprint not in {"", fingerprint}
        if news:
            self.count_up()
        self.fingerprint = fingerprint
        return news

    def count_up(self) -> None:
        """Go on to the next ``c#``: never 0, and 1 behind the last one (§1.2)."""
        self.configuration = self.configuration % _LAST_CONFIGURATION + 1

    def keep_admins(self) -> None:
        """Forget everybody when no administrator is left (§12.6)."""
        if not any(each.admin for each in self.controllers.values()):
            self.controllers.clear()

    def forget(self, chance: random.Random | None = None, *, new_id: bool = True) -> None:
        """Be as on the first day; the setup code stands on the label and stays."""
        self.controllers.clear()
        self.failed_attempts = 0
        if new_id:
            other = Memory.fresh(chance)
            self.device_id, self.seed = other.device_id, other.seed

    # --- the file ------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: Path, chance: random.Random | None = None) -> Self:
        """Remember what a file says, or begin anew where there is none. Raises OSError and ValueError."""
        if not path.exists():
            memory = cls.fresh(chance)
            memory.path = path
            return memory
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                device_id=told["device_id"],
                setup_code=told["setup_code"],
                setup_id=told["setup_id"],
                seed=bytes.fromhex(told["seed"]),
                controllers={
                    name: Controller(bytes.fromhex(each["public_key"]), bool(each["admin"]))
                    for name, each in told["controllers"].items()
                },
                failed_attempts=int(told["failed_attempts"]),
                configuration=int(told["configuration"]),
                fingerprint=told["fingerprint"],
                path=path,
            )
        except (LookupError, TypeError, ValueError) as err:
            raise ValueError(f"{path} holds no accessory") from err

    def dump(self) -> str:
        """Give what the file is to say."""
        told = {
            "device_id": self.device_id,
            "setup_code": self.setup_code,
            "setup_id": self.setup_id,
            "seed": self.seed.hex(),
            "controllers": {
                name: {"public_key": each.public_key.hex(), "admin": each.admin}
                for name, each in self.controllers.items()
            },
            "failed_attempts": self.failed_attempts,
            "configuration": self.configuration,
            "fingerprint": self.fingerprint,
        }
        return json.dumps(told, indent=2)


def write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_suffix(".part")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _setup_code(chance: random.Random) -> str:
    while True:
        digits = f"{chance.randrange(_CODES):08}"
        code = f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
        if code not in INSECURE_CODES:
            return code
