"""Pair a HomeKit accessory, unless that was done before, switch its first light, and follow it, without Home Assistant.

    export HAP_CONTROLLER_CODE=NNN-NN-NNN
    .venv/bin/python docs/hap_controller/example.py PAIRINGS_FILE DEVICE_ID|HOST:PORT

It needs aiohappyeyeballs, cryptography, orjson and zeroconf. In a project of your own, copy the folder ``protocol`` under
a name you like.
"""
# ruff: noqa: INP001, T201

import asyncio
from contextlib import suppress
import os
from pathlib import Path
import sys

sys.path.append(str(Path(__file__).resolve().parents[2] / "custom_components" / "hap_controller"))
from protocol import (
    AuthError,
    Browser,
    Change,
    CharacteristicUuid,
    CommandError,
    HapClient,
    LinkChanged,
    LinkError,
    PairingAttempt,
    PairingRecord,
    Pairings,
    ServiceUuid,
    SetupCodeError,
    ValuesChanged,
    load_pairings,
    parse_host,
    save_pairings,
)

ALIAS = "example"


async def find(where: str) -> tuple[tuple[str, ...], int, int]:
    """Give addresses, port and feature flags of an accessory, by mDNS if it is named by its device id."""
    with suppress(ValueError):
        host, port = parse_host(where)
        if port:
            return (host,), port, 0
    async with Browser() as browser:
        found = await browser.find(where)
    if found is None or not found.port:
        raise LinkError(f"{where} does not announce itself")
    return found.addresses, found.port, found.feature_flags


async def pair(path: Path, where: str) -> None:
    """Pair, and store the keys at once: the accessory has them by then."""
    hosts, port, feature_flags = await find(where)
    async with PairingAttempt.open(hosts, port, feature_flags) as attempt:
        await attempt.begin()  # an accessory with a display shows its code now
        keys = await attempt.finish(os.environ["HAP_CONTROLLER_CODE"])
        pairings = Pairings()
        pairings.put(ALIAS, PairingRecord(keys, hosts=hosts, port=port))
        save_pairings(path, pairings)
    print(f"Paired with {keys.accessory_id}")


def tell(change: Change) -> None:
    """Print what the client tells; it calls this at once and in order."""
    match change:
        case LinkChanged(connected=connected, error=error):
            print("Link is up" if connected else f"Link is lost: {error}")
        case ValuesChanged(changes=changes):
            for found, value in changes:
                print(f"{found.service.accessory.name}: {found.metadata.description} is {value}")


async def switch_first_light(client: HapClient) -> None:
    """Switch a light; returns when the accessory has acknowledged."""
    lights = client.database.find(ServiceUuid.LIGHTBULB, CharacteristicUuid.ON)
    light = next(lights, None)
    if light is None:
        print("It has no light")
        return
    try:
        await client.write({light.key: not light.value})
    except LinkError as err:
        print(f"The link was lost; whether the light has changed is not known: {err}")
    except CommandError as err:
        print(f"The light was not switched: {err}")
    else:
        print(f"The light is {'on' if light.value else 'off'}")


async def follow(path: Path) -> None:
    """Connect, show the accessory, switch a light, and tell changes until Ctrl-C."""
    record = load_pairings(path).records[ALIAS]
    client = HapClient(record.keys, record.hosts, record.port or 0)
    running = asyncio.create_task(client.run())  # connects, and connects again, until cancelled
    try:
        async with asyncio.timeout(30):
            await client.ready(patient=False)
        for accessory in client.database.accessories.values():
            print(f"{accessory.name}: {len(list(accessory.characteristics))} characteristics")
        client.subscribe(tell)
        await switch_first_light(client)
        await running
    except AuthError as err:
        print(f"Pair it anew: {err}")
    except LinkError, TimeoutError:
        print(f"No connection: {client.last_error}")
    finally:
        running.cancel()  # closes the connection
        with suppress(asyncio.CancelledError, AuthError):
            await running


async def main(file: str, where: str) -> None:
    """Pair if need be, then follow the accessory."""
    path = Path(file)
    try:
        if not path.exists():  # noqa: ASYNC240
            await pair(path, where)
    except SetupCodeError as err:
        print(f"Check the setup code: {err}")
    except (LinkError, CommandError) as err:
        print(f"It could not be paired: {err}")
    else:
        await follow(path)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
