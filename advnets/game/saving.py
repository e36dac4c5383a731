"""Say in a Keras file what a game is made of, and keep in it all that training can change."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.saving import saving_lib  # what a file holds of a model has no public name
from keras.src.saving.keras_saveable import KerasSaveable

from ..errors import UsageError
from ..networks.weight_files import KerasNames
from ..safe_io.atomic import replace_whole
from ..schedule import Scheduled
from .configured import Configured
from .constants import SETTINGS
from .prior import NO_LATENT
from .role import PLAYERS
from .state import state_variables

if TYPE_CHECKING:
    from .game import AdversarialGame

log = logging.getLogger(__name__)


def describe_game(game: AdversarialGame) -> dict[str, Any]:
    """Return what a game is made of, in what JSON can hold: the arguments of its constructor.

    All that is written outlives the file: Keras takes two objects of one address for the same.

    Raises:
        UsageError: If a component is made of something that no file can hold, or is not what
            its constructor made any more, or if networks share layers.
    """
    _refuse_shared(game.networks)
    return {
        **{player: _write(player, game.networks[player]) for player in PLAYERS},
        "networks": {
            name: _write(f"networks.{name}", network)
            for name, network in game.networks.items()
            if name not in PLAYERS
        },
        "encounter": _write("encounter", game.encounter),
        "conditions": {
            name: _write(f"conditions.{name}", one) for name, one in game.conditions.items()
        },
        "prior": _write("prior", game.prior if game.prior is not None else NO_LATENT),
        "loss": _write("loss", game.loss),
        "penalties": [_write(f"penalties.{i}", one) for i, one in enumerate(game.rota.listed)],
        "augmentations": [
            _write(f"augmentations.{i}", one) for i, one in enumerate(game.augmentations)
        ],
        "given": {name: list(fields) for name, fields in game.given.items()},
        "updates": _write("updates", game.updates),
        "average": {name: _write("average", kept) for name, kept in game.averages.items()},
        "seed": game.seed,
        "name": game.name,
        "settings": {name: getattr(game, name) for name in SETTINGS},
        "outside": {name: _write("outside", one) for name, one in game.outside.items()},
    }


def read_game(cls: type[AdversarialGame], config: Mapping[str, Any]) -> AdversarialGame:
    """Make a game of what :func:`describe_game` returned."""
    # Keras takes what it reads out of the configurations of networks.
    parts = {
        name: keras.saving.deserialize_keras_object(copy.deepcopy(value))
        for name, value in config.items()
    }
    settings, outside = parts.pop("settings", {}), parts.pop("outside", {})
    game = cls(parts.pop("generator"), parts.pop("discriminator"), **parts)
    for name, value in settings.items():
        setattr(game, name, value)
    game.outside = outside
    return game


def _refuse_shared(networks: Mapping[str, keras.Model]) -> None:
    """Refuse networks that share layers: each would be read with layers of its own."""
    owners: dict[int, str] = {}
    for name, network in networks.items():
        for layer in network._flatten_layers():
            if layer.variables and owners.setdefault(id(layer), name) != name:
                raise UsageError(
                    f"{owners[id(layer)]} and {name} share the layer {layer.name!r}; read from a "
                    "Keras file each would have its own",
                    hint="build the game again by the same code, and game.load_weights(path) what "
                    "game.save_weights(path) wrote",
                )


def _write(path: str, part: Any) -> dict[str, Any]:
    """Return what JSON can hold of a part of the game."""
    try:
        written = keras.saving.serialize_keras_object(part)
        json.dumps(written)
        if isinstance(part, Configured):
            _refuse_changed(path, part, written)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise UsageError(
            f"{path}, a {type(part).__name__}, cannot be written into a file: "
            f"{' '.join(str(error).split())[:200]}",
            hint="give it get_config() and from_config(config), as Keras's layers have; "
            "the weights alone: game.save_weights('game.weights.h5')",
        ) from error
    return written


def _refuse_changed(path: str, part: Configured, written: dict[str, Any]) -> None:
    """Refuse a component that its constructor would not make again from what is written."""
    if any(isinstance(value, keras.layers.Layer) for value in part.get_config().values()):
        return  # its layers would be made again
    again = keras.saving.deserialize_keras_object(copy.deepcopy(written))
    for name, value in vars(again).items():
        here = vars(part).get(name)
        made, found = _as_text(value), _as_text(here)
        if not name.startswith("_") and None not in (made, found) and made != found:
            raise UsageError(
                f"{path}.{name} of the {type(part).__name__} is {here!r}, and its constructor made "
                f"it {value!r}: a file would hold the latter",
                hint="make the component with the value that it is to have",
            )


def _as_text(value: Any) -> str | None:
    """Return numbers, words and lists of them as text; ``None`` for anything else."""
    try:
        return repr(value) if isinstance(value, Scheduled) else json.dumps(value)
    except (TypeError, ValueError):
        return None


def save_own(game: AdversarialGame, store: Any) -> None:
    """Write what training can change, and what Keras does not find itself, into a file's store."""
    for name, variable in _own_variables(game).items():
        store[_key(name)] = np.asarray(tf.convert_to_tensor(variable))


def load_own(game: AdversarialGame, store: Any) -> None:
    """Read what :func:`save_own` wrote.

    Keras calls it before it reads the rest, and leaves out in silence what a file holds beyond
    that: whole networks, averages among them.

    Raises:
        UsageError: If something is missing, or of another shape, or if all of the file holds more.
    """
    held = set(store.keys())
    for name, variable in _own_variables(game).items():
        if _key(name) not in held:
            raise UsageError(f"the file has no {name!r}, which this game has")
        value = np.asarray(store[_key(name)])
        if value.shape != tuple(variable.shape):
            raise UsageError(
                f"{name!r} has the shape {value.shape} in the file, {tuple(variable.shape)} in "
                "this game"
            )
        variable.assign(value.astype(variable.dtype.as_numpy_dtype))
    _refuse_other(game, store)


def _refuse_other(game: AdversarialGame, store: Any) -> None:
    """Refuse a file that holds other arrays than a file of this game would; say what is left out
    of it where the game, or the file, is of one that is not compiled.
    """
    names = KerasNames()
    saving_lib._save_state(game, names, None, "", set())
    held, found = _held(store), set(names.found)
    more, fewer = sorted(held - found), sorted(found - held)
    if not game.compiled and any(map(_moves, more)):
        more = [name for name in more if not _moves(name)]
        log.warning(
            "the file also holds the states of optimizers, and the game is not compiled: they "
            "are left out; to play on from them, load it again after `compile`"
        )
    if not any(map(_moves, held)):  # Keras warns of it
        fewer = [name for name in fewer if not _moves(name)]
    for listed, what in ((more, "which this game lacks"), (fewer, "which the file lacks")):
        if listed:
            places = sorted({name.replace("/vars/", "/").removeprefix("vars/") for name in listed})
            further = f" and {len(places) - 3} more" if places[3:] else ""
            raise UsageError(f"{len(listed)} arrays, {what}: {', '.join(places[:3])}{further}")


def _held(store: Any) -> set[str]:
    """Return the names of all arrays that a file holds, in whichever of its shards."""
    found = set[str]()
    shards = getattr(store, "sharding_config", {"weight_map": {}})["weight_map"].values()
    files = {name for one in shards for name in ([one] if isinstance(one, str) else one)}
    opened = [saving_lib.H5IOStore(Path(store.path).with_name(name)) for name in files]
    for one in opened or [store]:
        one.h5_file.visititems(lambda name, x: found.add(name) if hasattr(x, "dtype") else None)
    for one in opened:
        one.close()
    return found


def _moves(name: str) -> bool:
    return "optimizer" in name.partition("/")[0]


def _key(name: str) -> str:
    return name.replace("/", ".")


def _own_variables(game: AdversarialGame) -> dict[str, tf.Variable]:
    """Return what of a game's state Keras does not reach by following attributes."""
    reached: set[int] = set()
    seen: set[int] = {id(game)}

    def follow(thing: Any) -> None:
        if isinstance(thing, list | tuple | Mapping):
            for part in thing.values() if isinstance(thing, Mapping) else thing:
                follow(part)
        elif isinstance(thing, KerasSaveable) and id(thing) not in seen:
            seen.add(id(thing))
            reached.update(id(v.value) for v in _variables(thing))
            for _, part in saving_lib._walk_saveable(thing):
                follow(part)

    for _, part in saving_lib._walk_saveable(game):
        follow(part)
    return {
        n: variable for n, variable in state_variables(game).items() if id(variable) not in reached
    }


def _variables(thing: KerasSaveable) -> list[Any]:
    """Return the variables that Keras writes of one thing, without those of its parts."""
    if isinstance(thing, keras.layers.Layer):
        return [*thing._trainable_variables, *thing._non_trainable_variables]
    if isinstance(thing, keras.random.SeedGenerator):
        return [thing.state]
    return list(getattr(thing, "variables", ()))


def check_ending(method: str, path: Any, *endings: str) -> None:
    """Refuse a file's name by which Keras would write another kind of file, or none.

    Raises:
        UsageError: With a name that would do.
    """
    name = str(path)
    if not endings or name.endswith(endings):
        return
    stem = name
    for ending in (".h5", ".hdf5", ".keras", ".json", ".weights"):
        stem = stem.removesuffix(ending)
    raise UsageError(
        f"{method}({name!r}): the name of its file ends in {' or '.join(endings)}",
        hint=f"game.{method}({stem + endings[0]!r})",
    )


def refuse_no_file(path: Any) -> None:
    """Refuse a path at which nothing lies.

    Raises:
        UsageError: With the path.
    """
    if "://" not in str(path) and not Path(path).exists():
        raise UsageError(
            f"there is no file {str(path)!r}", hint="game.save_weights, game.save write one"
        )


@contextlib.contextmanager
def written_whole(path: Any) -> Iterator[Any]:
    """Give another path to write to, whose file takes the place of the old one when it is whole."""
    if "://" in str(path):
        yield path
        return
    with replace_whole(Path(path)) as draft:
        yield str(draft)


@contextlib.contextmanager
def all_or_nothing(game: AdversarialGame, source: str) -> Iterator[None]:
    """Set a game's state back to what it was where reading weights fails, or is interrupted.

    Args:
        game: The game.
        source: Where the weights come from, for the message.

    Raises:
        UsageError: If the file is of another game.
    """
    before = [(variable, variable.numpy()) for variable in state_variables(game).values()]
    try:
        yield
    except BaseException as error:  # Ctrl-C too
        for variable, value in before:
            variable.assign(value)
        if not isinstance(error, ValueError | KeyError):
            raise
        said = str(error).strip().splitlines() or [""]
        if "Example error message" in said[0] and len(said) > 2:
            said = said[2:3]  # what Keras quotes
        raise UsageError(
            f"{source} does not hold the weights of this game",
            hint=f"it stays as it was: {' '.join(said)[:300]}",
        ) from error
