"""What an accessory remembers over restarts, in a file that homekit_python's server reads and writes as well.

Source: docs/hap_controller/wire.md §12.1.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import re
import secrets
import tempfile
from typing import Any, Final, Self

from ..catalogue import categories, category_named
from ..const import KEY_BYTES, MAX_IDENTIFIER_BYTES, ControllerPermission
from ..crypto import SigningKey
from ..errors import UnsupportedError
from ..pairing import Pairing, Register
from ..pairing.messages import identifier_of, name_of
from ..refusals import InsecureCodeError, MalformedCodeError
from ..setup_code import parse_code
from .definition import Accessory, fingerprint

# §1.2: c# runs from 1 to this and begins anew.
MAX_CONFIG_NUMBER: Final = 0xFFFF
# A hundred pairings have some 15 kilobytes.
MAX_FILE_BYTES: Final = 1024 * 1024
# An accessory is there for its network; what it says is sealed.
ANYWHERE: Final = "0.0.0.0"
_MAX_PORT: Final = 0xFFFF
_ID: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_SETUP_ID: Final = re.compile(r"[0-9A-Z]{4}")
_SETUP_ID_CHARS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_BYTES: Final = 6


class StateFileError(UnsupportedError):
    """The state file of an accessory cannot be read or written, or says what cannot be."""


@dataclass(slots=True)
class AccessoryState:
    """Identity, pairings and configuration number of an accessory.

    ``open`` reads a file or makes a new one; ``AccessoryState.fresh()`` remembers nothing beyond the process.
    """

    register: Register
    name: str
    category: int
    host: str = ANYWHERE
    port: int = 0
    """0 lets the system choose."""
    config_number: int = 0
    """``c#``; 0 before the first start."""
    setup_id: str | None = None
    """Four characters that are part of setup payload and setup hash (§1.7)."""
    path: Path | None = None
    _fingerprint: str | None = None
    _unknown: Mapping[str, Any] = field(default_factory=dict)
    """Keys of other programs, written as they were read."""
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @classmethod
    def fresh(
        cls,
        name: str = "Accessory",
        category: int = 1,
        *,
        host: str = ANYWHERE,
        port: int = 0,
        setup_code: str | None = None,
        path: Path | None = None,
    ) -> Self:
        """Make a new identity; the setup code is random unless it is given.

        Raises MalformedCodeError and InsecureCodeError for codes that cannot be used.
        """
        identifier = secrets.token_bytes(_ID_BYTES).hex(":").upper()
        code = random_setup_code() if setup_code is None else parse_code(setup_code)
        setup_id = "".join(secrets.choice(_SETUP_ID_CHARS) for _ in range(4))
        register = Register(identifier, code)
        return cls(register, name, category, host, port, setup_id=setup_id, path=path)

    @classmethod
    async def open(cls, path: str | Path, **told: Any) -> Self:
        """Read a state file; one that does not exist is made, with what ``fresh`` takes as ``told``.

        Raises StateFileError, and what ``fresh`` raises.
        """
        return await asyncio.to_thread(cls._open, Path(path), told)

    @classmethod
    def _open(cls, path: Path, told: dict[str, Any]) -> Self:
        if path.exists():
            return cls.load(path)
        state = cls.fresh(**told, path=path)
        _store(path, state.to_json())
        return state

    @classmethod
    async def of_hap_python(cls, source: str | Path, path: str | Path, **told: Any) -> Self:
        """Read a state file, made of what HAP-python remembers at ``source`` if there is none yet.

        Controllers go on with the same accessory. ``told`` is what ``fresh`` takes: HAP-python keeps no name, category,
        address or setup code in its file, which stays as it is. Raises as ``open``.
        """
        return await asyncio.to_thread(cls._of_hap_python, Path(source), Path(path), told)

    @classmethod
    def _of_hap_python(cls, source: Path, path: Path, told: dict[str, Any]) -> Self:
        if path.exists():
            return cls.load(path)
        keys = _Keys(_read(source), str(source))
        state = cls.fresh(**told, path=path)
        register = Register(keys.identifier("mac"), state.register.setup_code)
        register.signing_key = SigningKey(keys.seed("private_key"))
        register.pairings = keys.clients()
        state.register = register
        state.config_number = keys.number("config_version", MAX_CONFIG_NUMBER)
        _store(path, state.to_json())
        return state

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a state file, at once; raises StateFileError with the name of the file and what is wrong."""
        state = cls.from_dict(_read(path), str(path))
        state.path = path
        return state

    @classmethod
    def from_dict(cls, told: Any, source: str = "state") -> Self:
        """Read what a file holds; ``source`` is named in the StateFileError that this raises for what cannot be."""
        keys = _Keys(told, source)
        name = keys.text("name")
        host = keys.text("host_ip")
        port = keys.number("host_port", _MAX_PORT)
        identifier = keys.identifier("accessory_pairing_id")
        code = keys.text("accessory_pin")
        try:
            code = parse_code(code)
        except (MalformedCodeError, InsecureCodeError) as err:
            raise keys.fault("accessory_pin") from err
        config_number = keys.number("c#", MAX_CONFIG_NUMBER)
        category = category_named(keys.text("category"))
        if category is None:
            names = ", ".join(sorted(each.tool_name or each.name for each in categories()))
            raise StateFileError(f'"category" in the config file "{source}" is none of: {names}')
        register = Register(identifier, code)
        register.failed_attempts = keys.number("unsuccessful_tries", None, 0)
        register.pairings = keys.peers()
        register.signing_key = keys.signing_key()
        setup_id = keys.optional_text("setup_id")
        if setup_id is not None and not _SETUP_ID.fullmatch(setup_id):
            raise keys.fault("setup_id")
        return cls(
            register,
            name,
            category.number,
            host,
            port,
            config_number,
            setup_id,
            _fingerprint=keys.optional_text("accessories_hash"),
            _unknown=keys.rest,
        )

    def to_json(self) -> bytes:
        """Write what a file holds: keys sorted, indented by two, as homekit_python does."""
        register = self.register
        known = next((each for each in categories() if each.number == self.category), None)
        told: dict[str, Any] = {
            **self._unknown,
            "name": self.name,
            "host_ip": self.host,
            "host_port": self.port,
            "accessory_pairing_id": register.accessory_id,
            "accessory_pin": register.setup_code,
            "c#": self.config_number,
            "category": (known.tool_name or known.name) if known else "Other",
            "peers": {
                each.controller_id: {"key": each.public_key.hex(), "admin": each.admin}
                for each in register.pairings.values()
            },
            "unsuccessful_tries": register.failed_attempts,
        }
        if register.signing_key is not None:
            told["accessory_ltpk"] = register.signing_key.public_key.hex()
            told["accessory_ltsk"] = register.signing_key.seed.hex()
        if self.setup_id is not None:
            told["setup_id"] = self.setup_id
        if self._fingerprint is not None:
            told["accessories_hash"] = self._fingerprint
        return json.dumps(told, indent=2, sort_keys=True).encode()

    async def save(self) -> None:
        """Write the file, whole or not at all, readable by its owner only; without a path do nothing.

        Raises OSError.
        """
        if self.path is None:
            return
        async with self._writing:  # a later state must not be overwritten by an earlier one
            await asyncio.to_thread(_replace, self.path, self.to_json())

    def describe(self, primary: Accessory) -> bool:
        """Take what the accessory consists of; a new configuration number when that changed. Tells whether it did."""
        now = fingerprint(primary)
        if now == self._fingerprint and self.config_number:
            return False
        self._fingerprint = now
        self.config_number = self.config_number % MAX_CONFIG_NUMBER + 1
        return True


class _Keys:
    """The keys of a state file, taken one by one."""

    def __init__(self, told: Any, source: str) -> None:
        if not isinstance(told, dict):
            raise StateFileError(f'The config file "{source}" holds no object')
        self.rest = dict(told)
        self._source = source

    def fault(self, key: str) -> StateFileError:
        return StateFileError(f'"{key}" in the config file "{self._source}" is not valid')

    def _take(self, key: str) -> Any:
        if key not in self.rest:
            raise StateFileError(f'"{key}" is missing in the config file "{self._source}"!')
        return self.rest.pop(key)

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value:
            raise self.fault(key)
        return value

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.rest else None

    def identifier(self, key: str) -> str:
        value = self.text(key)
        if not _ID.fullmatch(value):
            raise self.fault(key)
        return value

    def number(self, key: str, most: int | None, default: int | None = None) -> int:
        if default is not None and key not in self.rest:
            return default
        value = self._take(key)
        if type(value) is not int or value < 0 or (most is not None and value > most):
            raise self.fault(key)
        return value

    def key(self, key: str, text: Any) -> bytes:
        """Read a key in hex; of one with its public half behind it, the seed."""
        try:
            value = bytes.fromhex(text)
        except (TypeError, ValueError) as err:
            raise self.fault(key) from err
        if len(value) not in (KEY_BYTES, 2 * KEY_BYTES):
            raise self.fault(key)
        return value[:KEY_BYTES]

    def signing_key(self) -> SigningKey | None:
        if "accessory_ltsk" not in self.rest:
            return None
        key = SigningKey(self.key("accessory_ltsk", self.rest.pop("accessory_ltsk")))
        public = self.rest.pop("accessory_ltpk", None)
        if public is not None and self.key("accessory_ltpk", public) != key.public_key:
            raise self.fault("accessory_ltpk")
        return key

    def seed(self, key: str) -> bytes:
        return self.key(key, self._take(key))

    def clients(self) -> dict[str, Pairing]:
        """Read the controllers that HAP-python knows, by UUID; what each calls itself stands elsewhere."""
        clients, names, rights = (
            self.rest.get(key, {})
            for key in ("paired_clients", "client_uuid_to_bytes", "client_properties")
        )
        if not all(isinstance(each, dict) for each in (clients, names, rights)):
            raise self.fault("paired_clients")
        pairings = {}
        for uuid, key in clients.items():
            try:
                name = name_of(bytes.fromhex(names[uuid])) if uuid in names else uuid.upper()
                # Older files tell no rights: all are administrators.
                admin = bool(rights[uuid]["permissions"] & 1) if uuid in rights else not rights
            except (ValueError, TypeError, KeyError) as err:
                raise self.fault("paired_clients") from err
            if not 0 < len(identifier_of(name)) <= MAX_IDENTIFIER_BYTES:
                raise self.fault("paired_clients")
            pairings[name] = Pairing(
                name, self.key("paired_clients", key), ControllerPermission(admin)
            )
        return pairings

    def peers(self) -> dict[str, Pairing]:
        told = self.rest.pop("peers", {})
        if not isinstance(told, dict):
            raise self.fault("peers")
        pairings = {}
        for name, peer in told.items():
            length = len(name.encode("utf-8", "surrogatepass"))
            if not isinstance(peer, dict) or not 0 < length <= 3 * MAX_IDENTIFIER_BYTES:
                raise self.fault("peers")
            admin = peer.get("admin") is True
            pairings[name] = Pairing(
                name, self.key("peers", peer.get("key")), ControllerPermission(admin)
            )
        return pairings


def _read(path: Path) -> Any:
    """Read a file; raises StateFileError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise StateFileError(f'The config file "{path}" is too large')
        text = path.read_bytes()
    except FileNotFoundError as err:
        raise StateFileError(f'The config file "{path}" does not exist') from err
    except OSError as err:
        raise StateFileError(f'Could not open the config file "{path}"') from err
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:  # deep nesting raises the latter
        raise StateFileError(f'Cannot parse "{path}" as JSON file') from err


def random_setup_code() -> str:
    """Draw a setup code that may be used."""
    while True:
        try:
            digits = f"{secrets.randbelow(10**8):08}"
            return parse_code(f"{digits[:3]}-{digits[3:5]}-{digits[5:]}")
        except InsecureCodeError:
            continue


def _store(path: Path, data: bytes) -> None:
    """Write a new file; raises StateFileError."""
    try:
        _replace(path, data)
    except OSError as err:
        raise StateFileError(f'Could not write the config file "{path}"') from err


def _replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another one, such that either is whole whatever happens."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
