"""Findings that an examiner has already scored: no signal needed, a table is enough.

Most laboratories keep a table, not the recordings. The same question can be asked of it: where is the lesion, and
which test would say most? Here the gluteus maximus fibrillates, and the table grows in two steps, to show that an
answer is only as good as the muscles that were tested.

Run it with: python examples/scored_findings.py [FOLDER FOR THE PICTURES]
"""

import sys
from pathlib import Path

import emgkit
from emgkit.show.words import PROBABILITY_NOTE, probability_text

pictures = Path(sys.argv[1] if len(sys.argv) > 1 else "example-output")
pictures.mkdir(parents=True, exist_ok=True)

# Rows as they stand in a spreadsheet (pandas.read_csv(...) works as well): the usual spellings are understood, and an
# unknown name is an error that offers the nearest. A muscle that was not tested has no row, and an empty cell means
# "not assessed". Neither is ever taken for a 0, because a 0 is evidence and a gap is not.
first = [
    {"Muscle": "Glut. max", "Side": "L", "Fibs": "2+", "PSW": "2+", "Recruitment": "reduced"},
    {"Muscle": "TA", "Side": "L", "Fibs": "0", "PSW": "0", "Recruitment": "normal"},
]
more = [
    {"Muscle": "Gluteus medius", "Side": "L", "Fibs": "none", "PSW": "none"},
    {"Muscle": "TFL", "Side": "L", "Fibs": "0", "PSW": "0"},
    {"Muscle": "Biceps femoris short head", "Side": "L", "Fibs": "0", "PSW": "0"},
    {"Muscle": "Medial gastroc", "Side": "L", "Fibs": "0", "PSW": "0"},
    {"Muscle": "S1 paraspinals", "Side": "L", "Fibs": "0", "PSW": "0"},
    {"Muscle": "GMax", "Side": "R", "Fibs": "0", "PSW": "0"},
]
nerves = [
    {"Nerve": "sural", "Side": "L", "Result": "normal"},
    {"Nerve": "superficial peroneal", "Side": "L", "Result": "normal"},
    {"Nerve": "H reflex", "Side": "L", "Result": "normal"},
]

# Weeks count: before about the third week a silent muscle says little, because fibrillations have not grown yet.
for title, needle, conduction in (("two muscles", first, None), ("whole table", first + more, nerves)):
    answer = emgkit.localize(needle, conduction, weeks_since_onset=6)
    print(f"\n{title}, probability {PROBABILITY_NOTE}:")
    for row in answer.posterior.head(4).itertuples():
        print(f"  {probability_text(row.probability):>6}  {row.site}")
    # The tests that are expected to tell most, and the two leading sites that each tells apart best.
    for row in answer.suggestions.head(3).itertuples():
        print(f"  next: {row.side} {row.test} ({row.information_bits:.2f} bit; {row.separates})")
    name = title.replace(" ", "_")
    emgkit.plot_posterior(answer).savefig(pictures / f"{name}_posterior.png", dpi=150)
    emgkit.plot_evidence(answer).savefig(pictures / f"{name}_evidence.png", dpi=150)
print(f"\nThe pictures are in {pictures}.")
