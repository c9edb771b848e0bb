"""One resting recording: which discharges it holds, how they were told apart, and why each got its name.

A needle at rest in a denervated muscle often meets several fibres at once, and the ear hears a mixture. The question
"is this a fibrillation?" can only be asked of one fibre, so the discharges are first sorted into trains, one a fibre.
Rhythm says most: nearly every fibrillating fibre is a clock that slows down a little, whatever it looks like, while
endplate spikes are irregular and motor units wander. Shape, and whether it changes from discharge to discharge, says
the rest. A fibrillation without its rhythm can still be named, but does not count for a grade.

Run it with: python examples/one_recording.py [FOLDER FOR THE PICTURES]
"""

import sys
from pathlib import Path

import emgkit

FILE = Path(__file__).parents[1] / "data" / "inferior-gluteal" / "02_left_gluteus_maximus.edf"
pictures = Path(sys.argv[1] if len(sys.argv) > 1 else "example-output")
pictures.mkdir(parents=True, exist_ok=True)

# A file knows its samples and their unit, but rarely the muscle; the usual spellings are understood.
# Polarity matters: a positive sharp wave stored upside down looks like something else. Where the machine stores
# "negative up", read with invert=True.
recording = emgkit.read_recording(FILE, muscle="Gluteus max.", side="left", site="upper lateral")
activity = emgkit.find_spontaneous_activity(recording)
print(activity)

# Every name comes with the reasons that led to it, so that you can disagree with one of them.
# "Indeterminate" is an answer too: it says that rhythm and shape did not suffice, and it never counts for a grade.
for train in activity.trains.itertuples():
    print(f"\nTrain {train.train}: {train.label}, probability {train.probability:.2f}")
    print(f"  {train.n_events} discharges, {train.rate_hz:.1f} per second, {train.amplitude_uv:.0f} uV")
    print(f"  why: {train.reasons}")

# What was left out matters as much as what was found: no discharge was looked for there.
for span in activity.excluded.itertuples():
    print(f"\nLeft out {span.start_s:.2f} to {span.stop_s:.2f} s: {span.reason}")

# Look before you believe. The overview shows whether trains are steady; the sweeps are what an EMG screen shows.
emgkit.plot_recording(activity).savefig(pictures / "recording.png", dpi=150)
emgkit.plot_sweeps(activity).savefig(pictures / "sweeps.png", dpi=150)

# The strongest evidence for a train: its discharges on top of each other are one potential (not two fibres mixed up),
# and its intervals lie on a smooth line (a clock, not chance).
for label in ("fibrillation", "positive_sharp_wave"):
    for number in activity.trains.loc[activity.trains["label"] == label, "train"].head(1):
        emgkit.plot_discharges(activity, number).savefig(pictures / f"{label}_discharges.png", dpi=150)
        emgkit.plot_rhythm(activity, number).savefig(pictures / f"{label}_rhythm.png", dpi=150)
print(f"\nThe pictures are in {pictures}.")
