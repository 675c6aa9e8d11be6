"""Media players: televisions with their inputs and speaker, and smart speakers (mapping §5.11)."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, override

from homeassistant.components.media_player import (
    MediaPlayerDeviceClass,
    MediaPlayerEntity,
    MediaPlayerEntityDescription,
    MediaPlayerEntityFeature,
    MediaPlayerState,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import speaker_of
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import allowed, limits_of, named, number, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

# Numbers of what plays, and of what shall.
_PLAY: Final = 0
_PAUSE: Final = 1
_STOP: Final = 2
_STATES: Final = {
    _PLAY: MediaPlayerState.PLAYING,
    _PAUSE: MediaPlayerState.PAUSED,
    _STOP: MediaPlayerState.IDLE,
}
_ABILITIES: Final = {
    _PLAY: MediaPlayerEntityFeature.PLAY,
    _PAUSE: MediaPlayerEntityFeature.PAUSE,
    _STOP: MediaPlayerEntityFeature.STOP,
}
# Keys of the remote control that stand for what a player can do.
_NEXT_TRACK: Final = 2
_PREVIOUS_TRACK: Final = 3
_PLAY_PAUSE: Final = 11
_KEYS: Final = {
    _NEXT_TRACK: MediaPlayerEntityFeature.NEXT_TRACK,
    _PREVIOUS_TRACK: MediaPlayerEntityFeature.PREVIOUS_TRACK,
    _PLAY_PAUSE: MediaPlayerEntityFeature.PLAY | MediaPlayerEntityFeature.PAUSE,
}
_VOLUME_UP: Final = 0
_VOLUME_DOWN: Final = 1
_HIDDEN: Final = 1
# There are that many numbers of keys.
_ALL_KEYS: Final = range(17)

_SERVICES: Final = {
    ServiceUuid.TELEVISION: MediaPlayerEntityDescription(
        key="television", translation_key="television", device_class=MediaPlayerDeviceClass.TV
    ),
    ServiceUuid.SMART_SPEAKER: MediaPlayerEntityDescription(
        key="smart_speaker",
        translation_key="smart_speaker",
        device_class=MediaPlayerDeviceClass.SPEAKER,
    ),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the media players."""
    async_add_platform(hass, entry, async_add_entities, Platform.MEDIA_PLAYER, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_SERVICES):
        cls = Television if service.type == ServiceUuid.TELEVISION else Player
        yield cls(coordinator, service, _SERVICES[service.type])


class Player(ServiceEntity, MediaPlayerEntity):
    """Something that plays."""

    _current: Characteristic | None
    _target: Characteristic | None
    _volume: Characteristic | None
    _mute: Characteristic | None
    _selector: Characteristic | None
    _wishes: frozenset[int]
    """What it can be told to do."""

    @override
    def _describe(self) -> None:
        self._current = self._characteristic(CharacteristicUuid.CURRENT_MEDIA_STATE)
        self._target = self._characteristic(CharacteristicUuid.TARGET_MEDIA_STATE)
        speaker = speaker_of(self.service)
        self._volume = self._track(speaker, CharacteristicUuid.VOLUME)
        self._mute = self._track(speaker, CharacteristicUuid.MUTE)
        self._selector = self._track(speaker, CharacteristicUuid.VOLUME_SELECTOR)
        self._attr_supported_features = self._features()

    def _features(self) -> MediaPlayerEntityFeature:
        features = MediaPlayerEntityFeature(0)
        self._wishes = frozenset(allowed(self._target, _ABILITIES))
        for wanted in self._wishes:
            features |= _ABILITIES[wanted]
        if self._volume and self._volume.metadata.writable:
            features |= MediaPlayerEntityFeature.VOLUME_SET
        if self._mute and self._mute.metadata.writable:
            features |= MediaPlayerEntityFeature.VOLUME_MUTE
        if self._selector:
            features |= MediaPlayerEntityFeature.VOLUME_STEP
        return features

    @property
    @override
    def state(self) -> MediaPlayerState | None:
        """What it does; None until reported."""
        if number(self._current) is None:
            return None
        return named(self._current, _STATES) or MediaPlayerState.ON

    # --- the speaker ------------------------------------------------------------------------

    @property
    @override
    def volume_level(self) -> float | None:
        """How loud it is, 0 to 1; None when that is not known."""
        volume = number(self._volume)
        if self._volume is None or volume is None:
            return None
        limits = limits_of(self._volume)
        span = limits.high - limits.low
        return min(max((volume - limits.low) / span, 0.0), 1.0) if span > 0 else None

    @property
    @override
    def is_volume_muted(self) -> bool | None:
        """Whether it is muted; None when that is not known."""
        return truth(self._mute)

    @override
    async def async_set_volume_level(self, volume: float) -> None:
        """Make it so loud."""
        assert self._volume
        limits = limits_of(self._volume)
        await self._write({self._volume: limits.low + volume * (limits.high - limits.low)})

    @override
    async def async_mute_volume(self, mute: bool) -> None:
        """Mute it, or end that."""
        await self._write({self._mute: mute})

    @override
    async def async_volume_up(self) -> None:
        """Make it louder, by a step of its own if it has any."""
        if self._selector:
            await self._write({self._selector: _VOLUME_UP})
        else:
            await super().async_volume_up()

    @override
    async def async_volume_down(self) -> None:
        """Make it less loud, by a step of its own if it has any."""
        if self._selector:
            await self._write({self._selector: _VOLUME_DOWN})
        else:
            await super().async_volume_down()

    # --- what it plays ----------------------------------------------------------------------

    @override
    async def async_media_play(self) -> None:
        """Play."""
        await self._set_media(_PLAY)

    @override
    async def async_media_pause(self) -> None:
        """Pause."""
        await self._set_media(_PAUSE)

    @override
    async def async_media_stop(self) -> None:
        """Stop."""
        await self._set_media(_STOP)

    async def _set_media(self, wanted: int) -> None:
        """Have it do something, unless it does that already."""
        if number(self._current) != wanted:
            await self._write({self._target: wanted})


class Television(Player):
    """A television."""

    _active: Characteristic | None
    _source: Characteristic | None
    _key: Characteristic | None
    _keys: set[int]

    @override
    def _describe(self) -> None:
        self._active = self._characteristic(CharacteristicUuid.ACTIVE)
        self._source = self._characteristic(CharacteristicUuid.ACTIVE_IDENTIFIER)
        self._key = self._characteristic(CharacteristicUuid.REMOTE_KEY)
        self._keys = _KEYS.keys() & allowed(self._key, _ALL_KEYS)
        by_iid = {each.iid: each for each in self.accessory.services}
        self._inputs = [
            found
            for iid in dict.fromkeys(self.service.linked_iids)
            if (found := by_iid[iid]).type == ServiceUuid.INPUT_SOURCE
        ]
        for each in self._inputs:
            for uuid in (
                CharacteristicUuid.CONFIGURED_NAME,
                CharacteristicUuid.NAME,
                CharacteristicUuid.IDENTIFIER,
                CharacteristicUuid.IS_CONFIGURED,
                CharacteristicUuid.CURRENT_VISIBILITY_STATE,
            ):
                self._track(each, uuid)
        super()._describe()

    @override
    def _features(self) -> MediaPlayerEntityFeature:
        features = super()._features()
        features |= MediaPlayerEntityFeature.TURN_ON | MediaPlayerEntityFeature.TURN_OFF
        for key in self._keys:
            features |= _KEYS[key]
        if self._source:
            features |= MediaPlayerEntityFeature.SELECT_SOURCE
        return features

    @property
    @override
    def state(self) -> MediaPlayerState | None:
        """What it does; None until reported."""
        match truth(self._active):
            case True:
                return super().state or MediaPlayerState.ON
            case False:
                return MediaPlayerState.OFF
            case _:
                return None

    @override
    async def async_turn_on(self) -> None:
        """Turn it on."""
        await self._write({self._active: 1})

    @override
    async def async_turn_off(self) -> None:
        """Turn it off."""
        await self._write({self._active: 0})

    # --- inputs -----------------------------------------------------------------------------

    def _sources(self) -> dict[str, int]:
        """Give what the visible inputs are called, each in another way, with their identifiers."""
        sources: dict[str, int] = {}
        times: Counter[str] = Counter()
        for service in self._inputs:
            identifier = number(service.characteristic(CharacteristicUuid.IDENTIFIER))
            if identifier is not None and _is_visible(service):
                name = (
                    service.text(CharacteristicUuid.CONFIGURED_NAME)
                    or service.text(CharacteristicUuid.NAME)
                    or f"Input {identifier}"
                )
                distinct = name
                while distinct in sources:
                    times[name] += 1
                    distinct = f"{name} {times[name] + 1}"
                sources[distinct] = int(identifier)
        return sources

    @property
    @override
    def source_list(self) -> list[str]:
        """All inputs that can be seen."""
        return list(self._sources())

    @property
    @override
    def source(self) -> str | None:
        """The input that is shown; None when that is none of those that can be seen."""
        active = number(self._source)
        return next(
            (name for name, each in self._sources().items() if active and each == active), None
        )

    @override
    async def async_select_source(self, source: str) -> None:
        """Show another input."""
        sources = self._sources()
        if source not in sources:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_such_source",
                translation_placeholders={"source": source, "sources": ", ".join(sources)},
            )
        await self._write({self._source: sources[source]})

    # --- what it plays ----------------------------------------------------------------------

    @override
    async def async_media_next_track(self) -> None:
        """Go to the next track."""
        await self._write({self._key: _NEXT_TRACK})

    @override
    async def async_media_previous_track(self) -> None:
        """Go to the previous track."""
        await self._write({self._key: _PREVIOUS_TRACK})

    @override
    async def _set_media(self, wanted: int) -> None:
        if wanted in self._wishes:
            await super()._set_media(wanted)
        elif number(self._current) != wanted:
            await self._write({self._key: _PLAY_PAUSE})


def _is_visible(service: Service) -> bool:
    """Tell whether an input is to be offered."""
    configured = truth(service.characteristic(CharacteristicUuid.IS_CONFIGURED))
    visibility = number(service.characteristic(CharacteristicUuid.CURRENT_VISIBILITY_STATE))
    return configured is not False and visibility != _HIDDEN
