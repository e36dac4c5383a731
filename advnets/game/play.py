"""Hold one play of a round: the duels of an encounter, and what their judges say."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping

from ..errors import PluginError
from .encounter import Duel, assert_equal_sides, check_duels
from .scene import Scene
from .side import Side
from .wiring import refuse_unlike


class Play(Scene):
    """Hold one meeting of the players: the duels, judged, and whatever else may be asked.

    Attributes:
        duels: By name; the first one has the name ``""`` unless the encounter says otherwise.
        real, fake: The sides of a penalty's own duel; of the first one where it is called
            once a play.
        player: Of a penalty: whose loss it is part of in this call.
    """

    duels: dict[str, Duel]
    real: Side
    fake: Side
    player: str = ""

    def meet(self, duels: Mapping[str, Duel], *, judge_real: bool, together: bool) -> None:
        """Let the judges judge the sides of the duels.

        Args:
            duels: What the encounter returned.
            judge_real: Whether anybody reads what they say of the real sides.
            together: Whether a judge that treats examples independently judges all in one call.

        Raises:
            PluginError: If they are no duels, or of unequal sides.
        """
        self.duels = {}
        asked: dict[str, list[tuple[str, Side]]] = {}
        for index, (name, duel) in enumerate(check_duels(duels).items()):
            if duel.judge not in self._cast.networks:
                raise PluginError(
                    f"the duel {name!r} is judged by {duel.judge!r}, which is no network of the "
                    "game",
                    hint=f"the game has {', '.join(sorted(self._cast.networks))}; the encounter "
                    "declares others in its `roles`",
                )
            prefix = "" if index == 0 else f"{name}/"
            real, fake = (self._take_up(side, duel.judge) for side in (duel.real, duel.fake))
            refuse_unlike(duel.judge, self._role(duel.judge), real, fake)
            if self.batch.streams and not isinstance(real.size, int):
                assert_equal_sides(name, Duel(real, fake))
            sides = ((f"{prefix}real", real), (f"{prefix}fake", fake))
            wanted = asked.setdefault(duel.judge, [])
            for segment, side in sides if judge_real else sides[1:]:
                if not any(side is other for _, other in wanted):
                    wanted.append((segment, side))
            self.duels[name] = Duel(real, fake, duel.judge, duel.weight, duel.players)
        for judge, named in asked.items():
            if together and judge in self._cast.joint:
                self._let_judge(judge, named)
            else:
                for one in named:
                    self._let_judge(judge, [one])
        first = next(iter(self.duels.values()))
        self.real, self.fake = first.real, first.fake

    def for_player(self, player: str, duel: Duel | None = None) -> Play:
        """Return the play as a penalty of a player sees it, in one of its duels or in the first."""
        seen = copy.copy(self)
        seen.player = player
        if duel is not None:
            seen.real, seen.fake = duel.real, duel.fake
        return seen

    def begin_objective(self) -> None:
        """Let the critics' random streams begin again, since each player's terms do."""
        self._critics = itertools.count()
