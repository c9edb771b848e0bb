"""One whole examination: from 14 needle recordings and 6 nerve studies to where the lesion is, and why.

One fibrillating muscle says that its axons are cut somewhere between the cord and the muscle, not where. The place
follows from its neighbours: which muscles share the root, the plexus or the nerve with it, and are silent. So the
silent muscles of an examination do most of the work, and a muscle that was not tested must never count as silent.

Run it with: python examples/one_study.py [FOLDER FOR THE PICTURES]     (about ten seconds)
"""

import sys
from pathlib import Path

import emgkit
from emgkit.show.words import PROBABILITY_NOTE, probability_text, verdict_text

STUDY = Path(__file__).parents[1] / "data" / "inferior-gluteal"
pictures = Path(sys.argv[1] if len(sys.argv) > 1 else "example-output")
pictures.mkdir(parents=True, exist_ok=True)

# A study is a folder: study.toml (the patient's facts), recordings.csv (which file is which muscle), conduction.csv.
study = emgkit.read_study(STUDY)
print(study)

# Each recording is analysed alone, then the needle positions of a muscle are graded together: fibrillations at one
# position may be chance or an old injection, at three of four positions they are the muscle's.
findings = emgkit.analyze_study(study, progress=True)
for muscle in findings.muscles:
    grade = "not gradable" if muscle.grade is None else f"grade {muscle.grade}"
    print(
        f"  {muscle.side:<5} {muscle.muscle:<26} {grade}, {muscle.positive_sites} of {muscle.sites} positions positive"
    )

# Nerve values are judged against limits for the person's age and height. Sensory responses are kept in a root lesion,
# because the cell body lies beyond it, and lost in a plexus or nerve lesion: the cheapest discriminator there is.
for nerve in findings.nerves:
    print(f"  {nerve.side:<5} {nerve.study:<27} {nerve.result}")

# Every site in the tables is asked: how likely are all these findings, the silent ones too, if the lesion were here?
answer = emgkit.localize_study(study, findings)
print(f"\nProbability {PROBABILITY_NOTE}:")
for row in answer.posterior.head(5).itertuples():
    print(f"  {probability_text(row.probability):>6}  {row.site}")
print(f"Inferior gluteal nerve: {verdict_text(answer.verdict.status)}")

# A probability without its evidence is an opinion. In the second picture each line is a finding: to the right it
# speaks for a site, to the left against it. Check the longest lines against the recordings first.
emgkit.plot_posterior(answer).savefig(pictures / "posterior.png", dpi=150)
emgkit.plot_evidence(answer).savefig(pictures / "evidence.png", dpi=150)

# The report holds all of it, with the traces, in one file that can be sent to a colleague.
emgkit.write_report(pictures / "report.html", study=study, findings=findings, answer=answer)
print(f"The pictures and report.html are in {pictures}.")
