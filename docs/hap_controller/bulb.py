"""A light bulb for any HomeKit controller: ``python docs/hap_controller/bulb.py [STATE_FILE [ADDRESS]]``."""
# ruff: noqa: INP001, T201

import asyncio
from pathlib import Path
import sys

sys.path.append(str(Path(__file__).resolve().parents[2] / "custom_components" / "hap_controller"))
import protocol.accessory as hap


async def main(path: str = "bulb.json", address: str = "0.0.0.0") -> None:
    """Serve the bulb until Ctrl-C; the state file makes it the same bulb next time."""
    bulb = hap.Accessory("Bulb", category=5, identify=lambda: print("Here I am!", flush=True))
    light = bulb.add_service(hap.ServiceUuid.LIGHTBULB)
    on = light[hap.CharacteristicUuid.ON]
    on.setter = lambda value: print("On" if value else "Off", flush=True)
    state = await hap.AccessoryState.open(path, name=bulb.name, host=address)
    async with hap.AccessoryServer(bulb, state) as server:
        print(f"Pair with {server.setup_code}, or scan {server.setup_payload}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
