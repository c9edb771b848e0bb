"""A second examination beside the first: what changed, and what only looks as if it had.

Two examinations never agree to the digit: the needle meets other fibres, the foot is colder. So a change is told only
where it is larger than that. Grades from recordings carry an interval over the needle positions and differ clearly
where the intervals lie apart; scored grades have none, and one step between them is "possibly". Values of nerve
conduction differ where they do so by more than repeats of one examination. What was done in another way is not
compared. None of this says why something changed, or what comes next.

Run it with: python examples/follow_up.py [FOLDER FOR THE PICTURES]
"""

import sys
from pathlib import Path

import emgkit
from emgkit.localization.tables import read_conduction_table, read_needle_table
from emgkit.model.findings import StudyFindings

pictures = Path(sys.argv[1] if len(sys.argv) > 1 else "example-output")
pictures.mkdir(parents=True, exist_ok=True)

# With recordings this is emgkit.analyze_study(emgkit.read_study(folder)); here both were scored by an examiner.
first = StudyFindings(
    read_needle_table([
        {"Muscle": "GMax", "Side": "L", "Fibs": "3+", "PSW": "2+", "MUP": "normal", "Recruitment": "none"},
        {"Muscle": "Gluteus medius", "Side": "L", "Fibs": "0", "PSW": "0"},
        {"Muscle": "Medial gastroc", "Side": "L", "Fibs": "1+", "PSW": "0"},
    ]),
    read_conduction_table([
        {"Nerve": "sural", "Side": "L", "amplitude_uv": 11.0, "velocity_m_per_s": 48.0, "temperature_c": 33.0},
    ]),
)  # fmt: skip
second = StudyFindings(
    read_needle_table([
        {"Muscle": "GMax", "Side": "L", "Fibs": "1+", "PSW": "0", "MUP": "nascent", "Recruitment": "reduced"},
        {"Muscle": "Gluteus medius", "Side": "L", "Fibs": "0", "PSW": "0"},
        {"Muscle": "Medial gastroc", "Side": "L", "Fibs": "0", "PSW": "0"},
    ]),
    read_conduction_table([
        {"Nerve": "sural", "Side": "L", "amplitude_uv": 14.0, "velocity_m_per_s": 41.0, "temperature_c": 29.0},
    ]),
)  # fmt: skip

# Only what was denervated can be reinnervated: the sign needs fibrillations, or missing units, the first time.
change = emgkit.compare_findings(first, second, first_weeks=6, second_weeks=20)
for row in change.needle.itertuples():
    print(f"{row.side} {row.muscle}: {row.grade_change} ({row.reason}){' - ' + row.sign if row.sign else ''}")
for row in change.conduction.itertuples():
    print(f"{row.side} {row.study}, {row.measure}: {row.first:g} to {row.second:g}, {row.change} ({row.reason})")

emgkit.plot_change(change).savefig(pictures / "change.png", dpi=150)
emgkit.plot_body(second).savefig(pictures / "body.png", dpi=150)
print(f"\nThe pictures are in {pictures}.")
