"""Follow an account of the Homismart cloud, and send its first curtain half-way, without Home Assistant.

    export HOMISMART_USERNAME=... HOMISMART_PASSWORD=...
    .venv/bin/python docs/homismart/example.py [WEBSOCKET_URL]

It needs aiohttp and orjson. In a project of your own, copy the folder ``protocol`` under a name you like.
"""
# ruff: noqa: INP001, T201

import asyncio
from contextlib import suppress
import os
from pathlib import Path
import sys

import aiohttp

sys.path.append(str(Path(__file__).resolve().parents[2] / "custom_components" / "homismart"))
from protocol import (
    AuthError,
    Change,
    CommandError,
    Credentials,
    DeviceChanged,
    HomismartClient,
    Kind,
    LinkChanged,
    LinkError,
    Servers,
    digest,
)


def tell(change: Change) -> None:
    """Print what the client tells; it calls this at once and in order."""
    match change:
        case LinkChanged(connected=connected, error=error):
            print("Link is up" if connected else f"Link is lost: {error}")
        case DeviceChanged(device=device, fields=fields):
            values = {name: getattr(device, name) for name in sorted(fields)}
            print(f"{device.name}: {values}")


async def move_first_curtain(client: HomismartClient) -> None:
    """Send a curtain half-way, and wait, at most two minutes, until it stands there."""
    curtains = [device for device in client.devices.values() if device.kind is Kind.CURTAIN]
    if not curtains:
        return
    curtain, news = curtains[0], asyncio.Event()
    unsubscribe = client.subscribe(lambda change: news.set())
    try:
        # Returns when a report of the curtain shows the new goal: it is still on its way then.
        await client.set_position(curtain.device_id, 50)
        print(f"{curtain.name} is on its way to 50 % open")
        async with asyncio.timeout(120):
            while (now := client.devices[curtain.device_id]).motion is not None:
                news.clear()
                await news.wait()
        print(f"{curtain.name} stands at {now.position} % open")
    except LinkError as err:
        print(f"The link was lost; whether {curtain.name} moves is not known: {err}")
    except CommandError as err:
        print(f"{curtain.name} was not moved: {err}")
    except TimeoutError:
        print(f"{curtain.name} did not report that it stands")
    finally:
        unsubscribe()


async def main() -> None:
    """Connect, show hubs and devices, move a curtain, and follow the others until Ctrl-C."""
    credentials = Credentials(
        os.environ["HOMISMART_USERNAME"],
        digest(os.environ["HOMISMART_PASSWORD"]),  # all that the cloud wants; keep it as secret
    )
    servers = Servers(sys.argv[1]) if len(sys.argv) == 2 else Servers()
    async with aiohttp.ClientSession() as session:
        client = HomismartClient(credentials, session, servers=servers)
        running = asyncio.create_task(client.run())  # connects, and connects again, until cancelled
        try:
            async with asyncio.timeout(30):
                await client.ready()
            for device in client.devices.values():
                print(f"{device.name} ({device.kind}), reachable: {device.reachable}")
            client.subscribe(tell)
            await move_first_curtain(client)
            await running
        except AuthError as err:
            print(f"Check the credentials: {err}")
        except TimeoutError:
            print(f"No connection: {client.last_error}")
        finally:
            running.cancel()  # closes the connection
            with suppress(asyncio.CancelledError, AuthError):
                await running


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
