"""Who may talk to an accessory: its pairings, and how a controller is added by another one."""

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter

from custom_components.hap_controller.protocol import (
    ControllerPermission,
    Database,
    HapClient,
    LinkError,
    PairingLostError,
    PreparedPairing,
    SignatureError,
)

from ...errors import CliError, ExitStatus, explained
from ...options import Arguments
from ...output import printable, say, say_json
from .reach import Link
from .storage import Storage, unknown

PERMISSIONS: Mapping[str, ControllerPermission] = {
    "User": ControllerPermission(0),
    "Admin": ControllerPermission.ADMIN,
}
KEY_BYTES = 32


def _key(text: str) -> bytes:
    """Read a public key; raises CliError."""
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise CliError(
            f"-k wants a public key, {2 * KEY_BYTES} hexadecimal digits, as the other command printed it",
            ExitStatus.USAGE,
        )
    return key


def _identifier(text: str) -> str:
    """Read an id; raises CliError."""
    text = text.strip()
    if not text or not text.isprintable() or len(text.encode()) > 36:
        raise CliError("-i wants an id as the other command printed it", ExitStatus.USAGE)
    return text


def _bare(arguments: Arguments) -> Link:
    """Want a link for which nothing has to be known of the accessory."""
    link = Link.named(arguments)
    link.database = Database()
    return link


async def list_pairings(arguments: Arguments) -> ExitStatus:
    """List the controllers of an accessory."""
    link = _bare(arguments)

    async def command(client: HapClient) -> ExitStatus:
        pairings = sorted(await client.list_pairings(), key=attrgetter("controller_id"))
        if arguments.json:
            told = [
                {
                    "id": each.controller_id,
                    "public_key": each.public_key.hex(),
                    "permissions": int(each.permissions),
                    "type": "admin" if each.admin else "regular",
                    "own": each.controller_id == link.record.keys.controller_id,
                }
                for each in pairings
            ]
            say_json({"alias": link.alias, "pairings": told})
            return ExitStatus.DONE
        for each in pairings:
            own = " (this one)" if each.controller_id == link.record.keys.controller_id else ""
            say(f"Pairing Id: {printable(each.controller_id)}{own}")
            say(f"\tPublic Key: 0x{each.public_key.hex()}")
            say(
                f"\tPermissions: {int(each.permissions)} ({'admin' if each.admin else 'regular'} user)"
            )
        return ExitStatus.DONE

    return await link.run(command)


async def remove_pairing(arguments: Arguments) -> ExitStatus:
    """Remove a controller from an accessory; of our own the alias goes as well."""
    if arguments.alias is None:
        raise CliError("name the pairing with -a", ExitStatus.USAGE)
    if arguments.forget:
        return _forget(arguments)
    link = _bare(arguments)
    own = link.record.keys.controller_id
    other = None if arguments.controller in (None, own) else _identifier(arguments.controller)

    async def command(client: HapClient) -> ExitStatus:
        if other is not None:
            known = [each.controller_id for each in await client.list_pairings()]
            if other not in known:  # the accessory would call that a success
                names = ", ".join(map(printable, known))
                raise CliError(
                    f"there is no pairing {printable(other)}; there are: {names}", ExitStatus.USAGE
                )
        await client.remove_pairing(other)
        return ExitStatus.DONE

    note = ""
    try:
        await link.run(command)
    except PairingLostError:
        if other is not None:
            raise
        note = " The accessory did not know it any more."
    except (CliError, LinkError) as err:
        told = err if isinstance(err, CliError) else explained(err)
        if other is not None or told.status is not ExitStatus.NO_LINK:
            raise
        raise CliError(
            f'{told}. "{link.alias}" is kept, because the accessory may still be paired; if that was reset'
            " or is gone, remove-pairing --forget removes the alias alone",
            told.status,
        ) from err
    if other is None:
        _drop(link.storage, link.alias)
    if arguments.json:
        say_json({"alias": link.alias, "controller_id": other or own, "removed": True})
    elif other is None:
        say(f'Pairing for "{link.alias}" was removed.{note}')
    else:
        say(f'Pairing of {printable(other)} with "{link.alias}" was removed.')
    return ExitStatus.DONE


def _forget(arguments: Arguments) -> ExitStatus:
    """Remove an alias alone."""
    if arguments.controller is not None:
        raise CliError("--forget is for our own pairing: leave -i away", ExitStatus.USAGE)
    _drop(Storage.named(arguments), arguments.alias)
    if arguments.json:
        say_json({"alias": arguments.alias, "forgotten": True})
    else:
        say(
            f'"{arguments.alias}" was removed from the file. An accessory that still has the pairing must be reset,'
            " unless another administrator removes it there."
        )
    return ExitStatus.DONE


def _drop(storage: Storage, alias: str) -> None:
    with storage.changed() as pairings:
        if alias not in pairings:
            raise unknown(alias, pairings)
        pairings.remove(alias)


# --- adding another controller -------------------------------------------------------------------


async def prepare(arguments: Arguments) -> ExitStatus:
    """Make the new controller's half, and say what the other one needs of it."""
    storage = Storage.named(arguments)
    with storage.changed() as pairings:
        prepared = pairings.prepared.get(arguments.alias)
        known = prepared is not None
        if prepared is None:
            if arguments.alias in pairings:
                raise CliError(
                    f'"{arguments.alias}" is a known alias already; choose another',
                    ExitStatus.USAGE,
                )
            prepared = PreparedPairing.generate()
            pairings.put(arguments.alias, prepared)
    key = prepared.controller_ltpk.hex()
    if arguments.json:
        say_json(
            {"alias": arguments.alias, "controller_id": prepared.controller_id, "public_key": key}
        )
        return ExitStatus.DONE
    if known:
        say(f'"{arguments.alias}" was prepared before; its id and key are the same.')
    say("Please add this to add-additional-pairing, at a controller that is paired:")
    say(f"    -i {prepared.controller_id} -k {key}")
    return ExitStatus.DONE


async def add(arguments: Arguments) -> ExitStatus:
    """Add another controller to an accessory, and say what that one needs of it."""
    controller, key = _identifier(arguments.controller), _key(arguments.key)
    link = _bare(arguments)
    keys = link.record.keys

    async def command(client: HapClient) -> ExitStatus:
        await client.add_pairing(controller, key, PERMISSIONS[arguments.permission])
        return ExitStatus.DONE

    await link.run(command)
    if arguments.json:
        say_json(
            {
                "connection": link.record.connection.value,
                "device_id": keys.accessory_id,
                "public_key": keys.accessory_ltpk.hex(),
            }
        )
    else:
        say("Please add this to finish-add-remote-pairing, at the new controller:")
        say(
            f"    -c {link.record.connection} -i {keys.accessory_id} -k {keys.accessory_ltpk.hex()}"
        )
    return ExitStatus.DONE


async def finish(arguments: Arguments) -> ExitStatus:
    """Complete a prepared pairing, and look at the accessory over it."""
    storage = Storage.named(arguments)
    device, key = _identifier(arguments.device), _key(arguments.key)
    if arguments.alias is None:
        raise CliError("name what was prepared with -a", ExitStatus.USAGE)
    pairings = storage.load()
    prepared = pairings.prepared.get(arguments.alias)
    if prepared is None:
        if arguments.alias not in pairings:
            raise unknown(arguments.alias, pairings)
        raise CliError(
            f'"{arguments.alias}" is not one that was prepared; begin with prepare-add-remote-pairing',
            ExitStatus.USAGE,
        )
    # What was prepared stays as it is until the accessory has shown that it knows it.
    link = Link(arguments, storage, arguments.alias, prepared.finish(device, key))

    async def command(client: HapClient) -> ExitStatus:
        storage.put(link.alias, replace(link.record, accessories=client.database.store()))
        return ExitStatus.DONE

    try:
        await link.run(command)
    except PairingLostError as err:
        raise CliError(
            f"{err}; was add-additional-pairing given the id and key of this alias?",
            ExitStatus.REFUSED,
        ) from err
    except SignatureError as err:
        raise CliError(f"{err}; check -k", ExitStatus.REFUSED) from err
    if arguments.json:
        say_json({"alias": link.alias, "device_id": device, "paired": True})
    else:
        say(f'Pairing for "{link.alias}" was established.')
    return ExitStatus.DONE
