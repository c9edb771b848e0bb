"""The pieces of a long recording: some of it is sorted, and what is known then is followed through the rest.

The pieces are taken in groups. In the middle one of each group a short stretch is sorted; from there its units are
followed from piece to piece, to both sides. A piece that they do not explain is sorted by itself, and what comes after
it follows that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.cleaning import NOISE_BLOCKS, Cleaned, clean, noise_in
from emgkit.findings.spontaneous.part import (
    Found,
    Part,
    around_discharge,
    discharges_of,
    lasting,
    lasts,
    left_out_of,
    measured_trains,
    others_of,
    outside,
    part_of,
    places_of,
    sort_stretch,
    sorted_part,
    view_of,
)
from emgkit.findings.spontaneous.settings import bands
from emgkit.findings.spontaneous.whole import without_waveforms
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.aside import Aside, of_each
from emgkit.signals.follow import Known, follow_band, followed_trains, founds_more, goes_on, of_one_kind, teach
from emgkit.signals.kinds import parted
from emgkit.signals.peel import peel_known
from emgkit.signals.sort import find_left, floor_of
from emgkit.signals.units import rhythm_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emgkit.findings.spontaneous.measure import MeasuredTrain
    from emgkit.model.recording import Recording
    from emgkit.signals.bands import Piece, Stretch
    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train


@dataclass(frozen=True, eq=False)
class Guide:
    """What is known of the units of a piece.

    Parameters
    ----------
    keys : list of (int, int)
        Who each train is.
    trains : list of Train
        As last found.
    known : list of Known
        Of the fast and of the slow band.
    potentials : list of ndarray
        Of every train in the slow band; empty for those that were found there.
    measured : list of MeasuredTrain
        Where they were measured; empty until then.
    shifts_s : list of float
        How far the fixed point that was measured lies after the one that is matched.
    """

    keys: list[tuple[int, int]]
    trains: list[Train]
    known: list[Known]
    potentials: list[NDArray[np.float32]]
    measured: list[MeasuredTrain]
    shifts_s: list[float]


def follow_pieces(recording: Recording, pieces: Sequence[Piece], *, processes: int) -> list[Part]:
    """Find the trains of all pieces of a long recording.

    Parameters
    ----------
    recording : Recording
    pieces : sequence of Piece
        In order of time.
    processes : int
        That share the work; the result is the same for any number.
    """
    groups = _groups(len(pieces))
    # Groups need nothing of each other; a single one has two sides.
    follow_group = partial(_group, recording, pieces, at_once=processes > 1 and len(groups) == 1)
    return [part for found in of_each(groups, follow_group, processes=processes) for part in found]


def _groups(count: int) -> list[range]:
    n_groups = int(np.ceil(count / criteria_values("detection_criteria")["piece_followed"]))
    borders = [round(count * number / n_groups) for number in range(n_groups + 1)]
    return [range(low, high) for low, high in pairwise(borders)]


def _group(recording: Recording, pieces: Sequence[Piece], group: range, *, at_once: bool) -> list[Part]:
    middle = (group[0] + group[-1]) // 2
    before, after = range(middle - 1, group[0] - 1, -1), range(middle + 1, group[-1] + 1)
    ahead = int(criteria_values("detection_criteria")["piece_read_ahead"]) if at_once else 0
    read = partial(_read, recording, pieces)

    def other_side(told: Callable[[], Guide | None], give: Callable[[list[Cleaned]], None]) -> list[Part]:
        own = read(after[:ahead])
        give(read(before[: min(ahead, 1)]))
        return _chain(recording, pieces, after, told(), own)

    with Aside(other_side, at_once=at_once) as other:
        part, guide = _next(recording, pieces, middle)
        given = other.given()
        other.tell(guide)
        return [*reversed(_chain(recording, pieces, before, guide, given)), part, *other.result()]


def _read(recording: Recording, pieces: Sequence[Piece], numbers: Sequence[int]) -> list[Cleaned]:
    return [clean(recording, pieces[number]) for number in numbers]


def _chain(
    recording: Recording,
    pieces: Sequence[Piece],
    numbers: Sequence[int],
    guide: Guide | None,
    read: list[Cleaned] | None,
) -> list[Part]:
    parts = []
    for number in numbers:
        part, guide = _next(recording, pieces, number, guide, read.pop(0) if read else None)
        parts.append(part)
    return parts


def _next(
    recording: Recording,
    pieces: Sequence[Piece],
    number: int,
    guide: Guide | None = None,
    cleaned: Cleaned | None = None,
) -> tuple[Part, Guide | None]:
    cleaned = cleaned or clean(recording, pieces[number])
    guide = guide or _taught(cleaned.stretch, number)
    followed = _followed(recording, pieces[number], cleaned, guide) if guide else None
    return followed or _sorted(recording, pieces[number], cleaned, number)


def _taught(stretch: Stretch, number: int) -> Guide | None:
    # Where the beginning teaches nothing, what comes after it may: to sort all of the piece takes far longer.
    size = _enough(stretch)
    for turn in range(int(criteria_values("detection_criteria")["piece_taught_times"])):
        some = slice(turn * size, (turn + 1) * size)
        guide = _guide_of(sort_stretch(_part_of(stretch, some)), number)
        if guide is not None or (turn + 2) * size > len(stretch.slow):
            return guide
    return None


def _enough(stretch: Stretch) -> int:
    # Samples of the slow band. Of dense activity less is enough: what is missed in it is missed by nobody, the pieces
    # that hold it are sorted.
    values, rate_hz, band = criteria_values("detection_criteria"), stretch.grid.fast_hz, bands()[0]
    size = round(values["piece_taught_s"] * stretch.grid.slow_hz)
    start = _part_of(stretch, slice(size)).fast
    noise_uv = noise_in(start, rate_hz, band=band, most_blocks=NOISE_BLOCKS)
    floor = floor_of(noise_uv, rate_hz, band=band)
    spikes, _ = find_left(start, start, rate_hz=rate_hz, band=band, noise_uv=noise_uv, floor=floor)
    least = values["piece_taught_least_s"] / values["piece_taught_s"]
    return int(size * min(max(values["piece_taught_spikes"] / max(len(spikes), 1), least), 1.0))


def _part_of(stretch: Stretch, some: slice) -> Stretch:
    # Samples of the slow band, and as much of the fast one.
    ratio, low = stretch.grid.slow_step, some.start or 0
    fast = stretch.fast[low * ratio : some.stop * ratio]
    return replace(stretch, first=stretch.first + low * ratio, fast=fast, slow=stretch.slow[some])


def _sorted(recording: Recording, piece: Piece, cleaned: Cleaned, number: int) -> tuple[Part, Guide | None]:
    found = sort_stretch(cleaned.stretch)
    part = without_waveforms(sorted_part(recording, piece, cleaned=cleaned, found=found))
    kept = [
        place for place, train in enumerate(found.trains) if lasts(train.time_s[outside(train.time_s, part.left_out)])
    ]
    part = replace(part, keys=[(number, place) for place in kept])
    guide = _guide_of(found, number)
    if guide is None or any(place not in kept for _, place in guide.keys):
        return part, None
    trains, _ = lasting(found.trains, part.left_out)
    chosen = [kept.index(place) for _, place in guide.keys]
    return part, _measured(guide, [trains[each] for each in chosen], [part.trains[each].measured for each in chosen])


def _measured(guide: Guide, trains: Sequence[Train], measured: list[MeasuredTrain]) -> Guide:
    shifts_s = [float(each.train.time_s[0] - train.time_s[0]) for each, train in zip(measured, trains, strict=True)]
    return replace(guide, measured=measured, shifts_s=shifts_s)


def _guide_of(found: Found, number: int) -> Guide | None:
    regular = criteria_values("detection_criteria")["regular_irregularity"]
    taught = teach([found.fast, found.slow], found.trains, regular=regular)
    if taught is None:
        return None
    known, kept = taught
    trains = [found.trains[place] for place in kept]
    return Guide(
        [(number, place) for place in kept], trains, known, [_potential(train, found) for train in trains], [], []
    )


def _potential(train: Train, found: Found) -> NDArray[np.float32]:
    # Trains of the fast band were added to and may have been left out since their potentials were learnt.
    shared = [np.isin(other.time_s, train.time_s).sum() for other in found.peeled]
    return found.potentials[int(np.argmax(shared))] if train.band == 0 else np.empty(0, np.float32)


def _followed(recording: Recording, piece: Piece, cleaned: Cleaned, guide: Guide) -> tuple[Part, Guide] | None:
    found = _follow_stretch(cleaned.stretch, guide)
    if not _explained(found, guide, cleaned.stretch):
        return None
    left_out = left_out_of(recording, cleaned, found=found)
    kept_s = [train.time_s[outside(train.time_s, left_out)] for train in found.trains]
    there = [place for place, times_s in enumerate(kept_s) if lasts(times_s)]
    trains, dropped = lasting(found.trains, left_out)
    if guide.measured:
        measured = [
            replace(guide.measured[place], variability=np.nan, train=_shifted(train, guide.shifts_s[place]))
            for place, train in zip(there, trains, strict=True)
        ]
    elif len(there) == len(found.trains):
        measured = measured_trains(recording, piece, stretch=cleaned.stretch, trains=trains)
    else:
        return None
    keys = [guide.keys[place] for place in there]
    part = part_of(piece, cleaned, measured=measured, found=found, left_out=left_out, dropped=dropped, keys=keys)
    part = without_waveforms(part)
    last = [
        train if lasts(times_s) else before
        for train, times_s, before in zip(found.trains, kept_s, guide.trains, strict=True)
    ]
    known = [
        replace(each, templates=band.templates)
        for each, band in zip(guide.known, (found.fast, found.slow), strict=True)
    ]
    after = replace(guide, trains=last, known=known, potentials=found.potentials)
    return part, after if guide.measured else _measured(after, trains, [each.measured for each in part.trains])


def _shifted(train: Train, shift_s: float) -> Train:
    return replace(train, time_s=train.time_s + shift_s) if shift_s else train


def _follow_stretch(stretch: Stretch, guide: Guide) -> Found:
    regular = criteria_values("detection_criteria")["regular_irregularity"]
    fast = _band(stretch, 0, guide.known[0])
    trains = followed_trains(fast, guide.known[0], trains=guide.trains, number=0, regular=regular)
    of_fast = [place for place, train in enumerate(trains) if train.band == 0]
    peeled = peel_known(
        stretch.slow,
        places_of([trains[place] for place in of_fast], stretch),
        potentials=[guide.potentials[place] for place in of_fast],
        before=around_discharge(stretch.grid.slow_hz)[0],
    )
    potentials = list(guide.potentials)
    for place, potential in zip(of_fast, peeled.potentials, strict=True):
        potentials[place] = potential
    slow = _band(stretch, 1, guide.known[1], peeled.residual)
    return Found(
        fast, slow, followed_trains(slow, guide.known[1], trains=trains, number=1, regular=regular), potentials, []
    )


def _band(stretch: Stretch, number: int, known: Known, left: NDArray[np.float32] | None = None) -> SortedBand:
    signal, rate_hz = stretch.of_band(number)
    taken = None if left is None else signal - left
    signal = signal if left is None else left
    return follow_band(
        signal,
        rate_hz,
        band=bands()[number],
        noise_uv=noise_in(signal, rate_hz, band=bands()[number], most_blocks=NOISE_BLOCKS),
        start_s=stretch.start_s,
        templates=known.templates,
        taken=taken,
    )


def _explained(found: Found, guide: Guide, stretch: Stretch) -> bool:
    # Nothing that was not known before, and each train goes on as it was.
    values = criteria_values("detection_criteria")
    regular, least_snr = values["regular_irregularity"], values["fast_least_snr"]
    if not all(map(partial(goes_on, regular=regular), guide.trains, found.trains)):
        return False
    known_s = np.sort(found.fast.time_s)
    if any(
        founds_more(band, band=bands()[number], busy_s=known_s, least_snr=least_snr)
        for number, band in enumerate((found.fast, found.slow))
    ):
        return False
    # Of a regular train its rhythm has told.
    others = [
        place
        for place, train in enumerate(found.trains)
        if len(train.time_s) > 1 and not rhythm_of(train).irregularity < regular
    ]
    fast = [train for train in found.trains if train.band == 0 and len(train.time_s) > 1]
    if any(found.trains[place].band == 0 for place in others) and len(parted(fast, view_of(stretch))) > len(fast):
        return False
    every_s = discharges_of(found.trains)
    return all(
        of_one_kind(
            found.slow if found.trains[place].band else found.fast,
            guide.known[found.trains[place].band],
            train=place,
            busy_s=others_of(every_s, found.trains[place]),
            band=bands()[found.trains[place].band],
        )
        for place in others
    )
