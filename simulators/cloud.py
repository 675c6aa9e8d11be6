"""A vendor's service together with its control address, to be entered as one."""

from abc import ABC, abstractmethod
from typing import Self

from .control import Control


class Controlled(ABC):
    """``async with`` serves the vendor's address and the control address until the block ends."""

    control: Control

    @property
    def control_url(self) -> str:
        """Address of the hand operations, for programs and browsers."""
        return self.control.url

    @abstractmethod
    async def open(self) -> None:
        """Start to serve the vendor's address. Raises OSError when it cannot be had."""

    @abstractmethod
    async def close(self) -> None:
        """Stop at once."""

    async def __aenter__(self) -> Self:
        """Start to serve. Raises OSError when an address cannot be had."""
        await self.open()
        try:
            await self.control.listener.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once, whatever clients do, and leave nothing behind."""
        await self.close()
        await self.control.listener.close()
