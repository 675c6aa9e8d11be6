"""Shutters."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, NamedTuple, override

from homeassistant.components.cover import (
    ATTR_POSITION,
    CoverDeviceClass,
    CoverEntity,
    CoverEntityDescription,
    CoverEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_time_interval

from .coordinator import DioConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device, DioClient, Kind, Movement, estimated_position

PARALLEL_UPDATES = 0

_ESTIMATE_INTERVAL: Final = timedelta(seconds=1)
_MOTION: Final = ("movement", "acknowledged_movement", "position")
_LEVEL: Final = CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE | CoverEntityFeature.SET_POSITION


@dataclass(frozen=True, kw_only=True)
class DioCoverDescription(DeviceRow, CoverEntityDescription):
    """A cover: what it can do, and how its ends are reached."""

    features: CoverEntityFeature = _LEVEL | CoverEntityFeature.STOP
    # The motor runs into its end stops and recalibrates there, which a level would not make it do.
    open_fn: Callable[[DioClient, str], Awaitable[None]] = lambda client, device_id: client.move(
        device_id, Movement.UP
    )
    close_fn: Callable[[DioClient, str], Awaitable[None]] = lambda client, device_id: client.move(
        device_id, Movement.DOWN
    )


COVERS: Final = (
    DioCoverDescription(
        key="shutter",
        name=None,
        kinds=(Kind.SHUTTER,),
        watches=_MOTION,
        device_class=CoverDeviceClass.SHUTTER,
    ),
    DioCoverDescription(
        key="generic",
        name=None,
        kinds=(Kind.UNKNOWN,),
        wanted_fn=lambda options: options.unknown_devices,
        exists_fn=lambda device: device.position is not None and device.movement is not None,
        watches=_MOTION,
        entity_registry_enabled_default=False,
    ),
    DioCoverDescription(
        key="generic_level",
        name=None,
        kinds=(Kind.UNKNOWN,),
        wanted_fn=lambda options: options.unknown_devices,
        exists_fn=lambda device: device.position is not None,
        watches=_MOTION,
        features=_LEVEL,
        open_fn=lambda client, device_id: client.set_position(device_id, 100),
        close_fn=lambda client, device_id: client.set_position(device_id, 0),
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the covers of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.COVER, COVERS, DioCover)


class Run(NamedTuple):
    """A movement that has not ended yet."""

    direction: Movement
    reported: int
    """Last position that the device reported."""
    start: int
    """Position where the run began, in percent open."""
    started: float
    """When, by the monotonic clock."""


class DioCover(DeviceEntity, CoverEntity):
    """A cover that shows what the device reports, and the direction the cloud has acknowledged."""

    entity_description: DioCoverDescription

    _run: Run | None = None
    _stop_timer: CALLBACK_TYPE | None = None

    @property
    @override
    def supported_features(self) -> CoverEntityFeature:
        """What it can do."""
        return self.entity_description.features

    @property
    @override
    def is_opening(self) -> bool:
        """Whether it moves up, or was told to."""
        return self._direction(self.device) is Movement.UP

    @property
    @override
    def is_closing(self) -> bool:
        """Whether it moves down, or was told to."""
        return self._direction(self.device) is Movement.DOWN

    @property
    @override
    def is_closed(self) -> bool | None:
        """Whether it reports to be closed; None until it has reported a position."""
        position = self.device.position
        return None if position is None else position == 0 and not self.is_opening

    @property
    @override
    def current_cover_position(self) -> int | None:
        """Percent open: as reported, or estimated during a run if the user wants that."""
        device = self.device
        if self._run is None or device.calibration is None:
            return device.position
        run = self._run
        elapsed_s = monotonic() - run.started
        return estimated_position(run.start, run.direction, elapsed_s, device.calibration)

    @override
    async def async_added_to_hass(self) -> None:
        """Take up a run that is under way."""
        await super().async_added_to_hass()
        self.async_on_remove(self._end_run)
        self._follow_run()

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open fully."""
        await self._async_ask(self.entity_description.open_fn)

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close fully."""
        await self._async_ask(self.entity_description.close_fn)

    @override
    async def async_stop_cover(self, **kwargs: Any) -> None:
        """Stop where it is."""
        await self._async_ask(lambda client, device_id: client.move(device_id, Movement.STOP))

    @override
    async def async_set_cover_position(self, **kwargs: Any) -> None:
        """Move to a position in percent open."""
        position = kwargs[ATTR_POSITION]
        await self._async_ask(lambda client, device_id: client.set_position(device_id, position))

    async def _async_ask(self, command: Callable[[DioClient, str], Awaitable[None]]) -> None:
        """Send a command, whatever is believed of the shutter: a wrong belief must be corrigible."""
        await self.coordinator.async_command(command(self.coordinator.client, self._subject_id))

    @staticmethod
    def _direction(device: Device) -> Movement | None:
        return device.acknowledged_movement or device.movement

    @callback
    @override
    def _async_write(self) -> None:
        self.device = self.coordinator.devices[self._subject_id]
        self._follow_run()
        super()._async_write()

    def _follow_run(self) -> None:
        """Begin, continue or end the estimate of a run."""
        device = self.device
        direction = self._direction(device)
        if (
            not self.coordinator.options.estimate_position
            or direction not in (Movement.UP, Movement.DOWN)
            or device.position is None
            or device.calibration is None
            or not self.available
        ):
            self._end_run()
            return
        run = self._run
        if run and (run.direction, run.reported) == (direction, device.position):
            return
        turned = run is not None and run.reported == device.position
        start = self.current_cover_position if turned else device.position
        self._run = Run(direction, device.position, start or 0, monotonic())
        if self._stop_timer is None:
            self._stop_timer = async_track_time_interval(
                self.hass, self._async_tick, _ESTIMATE_INTERVAL, cancel_on_shutdown=True
            )

    @callback
    def _async_tick(self, _now: datetime) -> None:
        self.async_write_ha_state()

    @callback
    def _end_run(self) -> None:
        self._run = None
        if self._stop_timer:
            self._stop_timer()
            self._stop_timer = None
