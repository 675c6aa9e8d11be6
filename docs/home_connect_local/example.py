"""Look at a Home Connect appliance, switch its child lock, and follow it, without Home Assistant.

    .venv/bin/python docs/home_connect_local/example.py ARCHIVE.zip HOST[:PORT]

The archive is what the Home Connect Profile Downloader writes; of several appliances in it the first is meant. It
needs aiohttp, orjson, pycryptodome and xmltodict. In a project of your own, copy the folder ``protocol`` under a name
you like.
"""
# ruff: noqa: INP001, T201

import asyncio
from contextlib import suppress
from pathlib import Path
import sys

import aiohttp

sys.path.append(str(Path(__file__).resolve().parents[2] / "custom_components/home_connect_local"))
from protocol import (
    AuthError,
    Change,
    CommandError,
    HomeConnectClient,
    KeyRefusedError,
    LinkChanged,
    LinkError,
    ProfileError,
    ValuesChanged,
    parse_host,
    read_archive,
)

CHILD_LOCK = "BSH.Common.Setting.ChildLock"
SHOWN = (
    "BSH.Common.Setting.PowerState",
    "BSH.Common.Status.DoorState",
    "BSH.Common.Status.OperationState",
)


def tell(client: HomeConnectClient, change: Change) -> None:
    """Print what the client tells; it calls this at once and in order."""
    appliance = client.appliance
    match change:
        case LinkChanged(connected=connected, error=error):
            print("Link is up" if connected else f"Link is lost: {error}")
        case ValuesChanged(uids=uids):
            for uid in sorted(uids):
                if feature := appliance.feature(uid):
                    print(f"{feature.key} is {appliance.value(uid)}")


async def switch_child_lock(client: HomeConnectClient) -> None:
    """Lock the panel, or unlock it; returns when the appliance has acknowledged."""
    feature = client.appliance.find(CHILD_LOCK)
    if feature is None:
        print("It has no child lock")
        return
    on = not client.appliance.value(feature.uid)
    try:
        await client.write(feature.uid, on)
    except LinkError as err:
        print(f"The link was lost; whether the lock has changed is not known: {err}")
    except CommandError as err:  # somebody uses the panel, or remote control is off
        print(f"The child lock was not changed: {err}")
    else:
        print(f"The child lock is {'on' if on else 'off'}")


async def main(archive: str, address: str) -> None:
    """Connect, show the appliance, switch its child lock, and follow it until Ctrl-C."""
    try:
        # Parsing takes some milliseconds; keep profile.description.store() and load that instead.
        profile = read_archive(await asyncio.to_thread(Path(archive).read_bytes)).profiles[0]
    except ProfileError as err:
        print(f"The archive cannot be used: {err}")
        return
    host, port = parse_host(address)
    async with aiohttp.ClientSession() as session:
        client = HomeConnectClient(
            profile,
            host,
            session,
            port=port,
            device_id="6c617463",  # always the same, and nobody else's: 8 to 16 hex digits
            device_name="Example",
        )
        running = asyncio.create_task(client.run())  # connects, and connects again, until cancelled
        try:
            async with asyncio.timeout(30):
                await client.ready(patient=False)
            print(profile.description)
            for feature in map(client.appliance.find, SHOWN):
                if feature is not None:
                    print(f"{feature.key} is {client.appliance.value(feature.uid)}")
            client.subscribe(lambda change: tell(client, change))
            await switch_child_lock(client)
            await running
        except (AuthError, KeyRefusedError) as err:
            print(f"Fetch the profiles anew: {err}")
        except LinkError, TimeoutError:
            print(f"No connection: {client.last_error}")
        finally:
            running.cancel()  # closes the connection
            with suppress(asyncio.CancelledError, AuthError):
                await running


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
