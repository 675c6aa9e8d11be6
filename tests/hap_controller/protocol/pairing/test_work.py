"""Work is done in slices, and stored where it must be."""

import asyncio

from custom_components.hap_controller.protocol.pairing import Register, remove_pairing
from custom_components.hap_controller.protocol.pairing.administration import answer_pairings
from custom_components.hap_controller.protocol.pairing.setup import (
    PairSetupAccessory,
    PairSetupController,
)
from custom_components.hap_controller.protocol.pairing.work import take_turns

from .recorded import ACCESSORY_ID, CODE, CONTROLLER_ID, paired_register


async def test_turns_are_taken() -> None:
    """Others run between the slices, and storing is waited for."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    controller = PairSetupController(code=CODE)
    stored: list[bool] = []
    turns = 0

    async def store() -> None:
        await asyncio.sleep(0)
        stored.append(register.paired)

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    message: bytes | None = controller.start()
    while message is not None:
        answer = await take_turns(accessory.answer(message), store)
        message = await take_turns(controller.answer(answer))
    task.cancel()
    assert stored == [True]
    assert turns > 5


async def test_storing_that_fails_is_answered() -> None:
    """An OSError reaches the work, which takes its change back."""
    register = paired_register()

    async def store() -> None:
        raise OSError

    work = answer_pairings(register, remove_pairing(CONTROLLER_ID), admin=True)
    assert (await take_turns(work, store)).hex() == "060102070101"
    assert register.paired


async def test_work_without_a_store() -> None:
    """A register that nobody stores changes all the same."""
    register = paired_register()
    work = answer_pairings(register, remove_pairing(CONTROLLER_ID), admin=True)
    assert (await take_turns(work)).hex() == "060102"
    assert not register.paired
