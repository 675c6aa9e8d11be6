"""Follow an account of the DIO cloud, and close its first shutter, without Home Assistant.

    export DIO_CHACON_USERNAME=... DIO_CHACON_PASSWORD=...
    .venv/bin/python docs/dio_chacon/example.py [WEBSOCKET_URL LOGIN_URL]

It needs aiohttp and orjson. In a project of your own, copy the folder ``protocol`` under a name you like.
"""
# ruff: noqa: INP001, T201

import asyncio
from contextlib import suppress
import os
from pathlib import Path
import sys
from uuid import uuid4

import aiohttp

sys.path.append(str(Path(__file__).resolve().parents[2] / "custom_components" / "dio_chacon"))
from protocol import (
    AuthError,
    Change,
    CommandError,
    Credentials,
    DeviceChanged,
    DioClient,
    Kind,
    LinkChanged,
    LinkError,
    Movement,
    Rang,
    Servers,
)


def tell(change: Change) -> None:
    """Print what the client tells; it calls this at once and in order."""
    match change:
        case LinkChanged(connected=connected, error=error):
            print("Link is up" if connected else f"Link is lost: {error}")
        case DeviceChanged(device=device, fields=fields):
            values = {name: getattr(device, name, None) for name in sorted(fields)}
            print(f"{device.name}: {values}")
        case Rang(device=device, event=event):
            print(f"{device.name}: {event.kind} at {event.time}")


async def close_first_shutter(client: DioClient) -> None:
    """Close a shutter and wait, at most two minutes, until it reports to be closed."""
    shutters = [device for device in client.devices.values() if device.kind is Kind.SHUTTER]
    if not shutters:
        return
    shutter, closed = shutters[0], asyncio.Event()

    def look(change: Change) -> None:
        if isinstance(change, DeviceChanged) and change.device.device_id == shutter.device_id:
            (closed.set if change.device.position == 0 else closed.clear)()

    unsubscribe = client.subscribe(look)
    try:
        await client.move(shutter.device_id, Movement.DOWN)
        print(f"The cloud has taken the command for {shutter.name}")
        async with asyncio.timeout(120):
            if shutter.position != 0:  # else there may be nothing to report
                await closed.wait()
        print(f"{shutter.name} is closed")
    except LinkError as err:
        print(f"The link was lost; whether {shutter.name} closes is not known: {err}")
    except CommandError as err:
        print(f"{shutter.name} was not closed: {err}")
    except TimeoutError:
        print(f"{shutter.name} did not report to be closed")
    finally:
        unsubscribe()


async def main() -> None:
    """Connect, show the devices, close one, and follow the others until Ctrl-C."""
    credentials = Credentials(
        os.environ["DIO_CHACON_USERNAME"],
        os.environ["DIO_CHACON_PASSWORD"],
        # Names this installation to the cloud. A real program makes it once and keeps it.
        installation_id=uuid4().hex,
    )
    servers = Servers(sys.argv[2], sys.argv[1]) if len(sys.argv) == 3 else Servers()
    async with aiohttp.ClientSession() as session:
        client = DioClient(credentials, session, servers=servers)
        running = asyncio.create_task(client.run())  # connects, and connects again, until cancelled
        try:
            async with asyncio.timeout(30):
                await client.ready()
            for device in client.devices.values():
                print(f"{device.name} ({device.kind}), connected: {device.connected}")
            client.subscribe(tell)
            await close_first_shutter(client)
            await running
        except AuthError as err:
            print(f"Check the credentials: {err}")
        except TimeoutError:
            print(f"No connection: {client.last_error}")
        finally:
            running.cancel()  # logs out and closes
            with suppress(asyncio.CancelledError, AuthError):
                await running


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
