"""How many leaked rows agree over time, as the geometry of a small plot."""

from collections.abc import Sequence
from typing import NamedTuple

from trapstreet.trace import Dating, Step

WIDTH, HEIGHT = 720, 190
LEFT, RIGHT, TOP, BOTTOM = 56, 708, 12, 150

_FLOORS = (0.999, 0.99, 0.95, 0.9, 0.8, 0.5, 0.0)
_AROUND = 8
_HOUR = 3_600_000_000


class Timeline(NamedTuple):
    """A plot of WIDTH by HEIGHT; lengths are in its units.

    path           the share that agrees, as steps;  floor  the share at the bottom, the top is all
    versions       where versions were registered or last seen
    window         left edge and width;  None where there is none
    earliest, latest  what the axis ends with, Unix µs
    """

    path: str
    floor: float
    versions: list[float]
    window: tuple[float, float] | None
    earliest: int
    latest: int


def timeline(dating: Dating) -> Timeline | None:
    """The plot; None where the versions say nothing. It shows the window and eight times as much on both
    sides of it, or all versions."""
    if dating.times == "unknown":
        return None
    known = [step.begin for step in dating.steps if step.begin is not None]
    earliest, latest = _shown(dating, known)
    floor = _floor([step.agree for step in dating.steps if _overlaps(step, earliest, latest)])

    def across(time: int) -> float:
        part = (min(max(time, earliest), latest) - earliest) / (latest - earliest)
        return round(LEFT + part * (RIGHT - LEFT), 1)

    path: list[str] = []
    for step in dating.steps:
        if _overlaps(step, earliest, latest):
            height = round(BOTTOM - (step.agree - floor) / (1 - floor) * (BOTTOM - TOP), 1)
            begin = across(earliest if step.begin is None else step.begin)
            end = across(latest if step.end is None else step.end)
            path.append(f"{'L' if path else 'M'}{begin} {height}H{end}")
    window = None
    if dating.times == "one":
        begin = across(earliest if dating.begin is None else dating.begin)
        end = across(latest if dating.end is None else dating.end)
        window = (begin, max(2.0, round(end - begin, 1)))
    versions = sorted({across(time) for time in known if earliest < time < latest})
    return Timeline("".join(path), floor, versions, window, earliest, latest)


def _shown(dating: Dating, known: Sequence[int]) -> tuple[int, int]:
    """What the axis spans: more than the versions by a twentieth, for what was before and after."""
    margin = max(_HOUR, (known[-1] - known[0]) // 20)
    earliest, latest = known[0] - margin, known[-1] + margin
    if dating.begin is not None and dating.end is not None:
        around = _AROUND * max(_HOUR, dating.end - dating.begin)
        earliest, latest = max(earliest, dating.begin - around), min(latest, dating.end + around)
    return earliest, latest


def _overlaps(step: Step, earliest: int, latest: int) -> bool:
    return (step.begin is None or step.begin < latest) and (step.end is None or step.end > earliest)


def _floor(shares: Sequence[float]) -> float:
    """A round share below all of them."""
    return next(floor for floor in _FLOORS if floor < min(shares) or floor == 0)
