"""The order: the one page that calls the rooms in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tqdm import tqdm

from emgkit.findings.conduction.judge import conduction_table, judge_conduction
from emgkit.findings.spontaneous.muscles import find_activities, grade_muscles, needle_table
from emgkit.knowledge.charts import DEFAULT_CHART
from emgkit.knowledge.grading import find_scheme
from emgkit.localization.posterior import localize
from emgkit.localization.tables import read_conduction_table
from emgkit.model.findings import StudyFindings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from emgkit.model.localization import Localization
    from emgkit.model.study import Study


def analyze_study(study: Study, *, scheme: str | None = None, progress: bool = False) -> StudyFindings:
    """Analyse all recordings and nerve studies of one examination.

    Parameters
    ----------
    study : Study
    scheme : {"mayo", "preston_shapiro"}, optional
        Whose words the grades follow; see ``grade_muscle``. What is not said here is taken from the study, else Mayo.
    progress : bool
        Show a progress bar over the recordings.

    Returns
    -------
    StudyFindings
        Tables for ``localize``, and what they came from. A recording that cannot be analysed is named in ``left_out``.

    Raises
    ------
    UnknownNameError
        For a grading scheme that does not exist, before anything is analysed.

    Examples
    --------
    >>> import emgkit
    >>> study, truth = emgkit.simulate_study("inferior_gluteal", duration_s=5.0, muscles=["gluteus_maximus"], rng=1)
    >>> findings = emgkit.analyze_study(study)
    >>> sorted(set(findings.needle["muscle"]))
    ['gluteus_maximus']
    >>> sorted(set(emgkit.analyze_study(study, scheme="preston_shapiro").needle["scheme"]))
    ['preston_shapiro']
    """
    graded_by = find_scheme(scheme or study.grading_scheme or "mayo")
    activities, left_out = find_activities(tqdm(study.recordings, "recordings", disable=not progress, leave=False))
    muscles = grade_muscles(activities, left_out, scheme=graded_by)
    nerves = judge_conduction(study.conduction, age_years=study.age_years, height_cm=study.height_cm)
    return StudyFindings(
        needle=needle_table(muscles, study.needle),
        conduction=conduction_table(nerves),
        activities=tuple(activities),
        muscles=muscles,
        nerves=nerves,
        left_out=tuple(reason for reasons in left_out.values() for reason in reasons),
    )


def judged_conduction(scored: pd.DataFrame) -> pd.DataFrame:
    """Return nerve studies as an examiner wrote them with a result for each: the one given, or one from the values.

    Examples
    --------
    >>> import pandas as pd
    >>> from emgkit.pipeline import judged_conduction
    >>> written = {"study": ["sural", "h reflex"], "side": "L", "result": ["", "normal"], "amplitude_uv": ["0", ""]}
    >>> judged_conduction(pd.DataFrame(written))[["study", "result"]]
               study  result
    0  sural_sensory  absent
    1       h_reflex  normal
    """
    return conduction_table(judge_conduction(read_conduction_table(scored)))


def localize_study(
    study: Study,
    findings: StudyFindings,
    *,
    candidates: Iterable[str] | None = None,
    prior: str | Mapping[str, float] | None = None,
    chart: str = DEFAULT_CHART,
) -> Localization:
    """Say where the lesion of an analysed examination is likely to be, with everything that the study says.

    Parameters
    ----------
    study : Study
    findings : StudyFindings
    candidates, prior, chart
        See ``localize``.

    Returns
    -------
    Localization

    Examples
    --------
    >>> import emgkit
    >>> study, truth = emgkit.simulate_study("none", duration_s=5.0, muscles=["gluteus_maximus"], rng=1)
    >>> answer = emgkit.localize_study(study, emgkit.analyze_study(study))
    >>> bool(abs(answer.posterior["probability"].sum() - 1) < 1e-9)
    True
    """
    return localize(
        findings.needle,
        findings.conduction,
        clinical=study.clinical,
        imaging=study.imaging,
        history=study.history,
        weeks_since_onset=study.weeks_since_onset,
        events=study.events,
        affected_side=study.affected_side,
        age_years=study.age_years,
        chart=chart,
        candidates=candidates,
        prior=prior,
    )
