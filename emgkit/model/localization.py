"""Where the lesion is: a probability for each site, with the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emgkit.model.table import Column, Schema

if TYPE_CHECKING:
    import pandas as pd

    from emgkit.model.recording import Side

POSTERIOR = Schema("posterior", (
    Column("site", "text", "", "site id"),
    Column("probability", "number", "0-1", "among the sites considered, given these findings and this prior"),
    Column("log_likelihood", "number", "nat", "of all findings at this site"),
    Column("prior", "number", "0-1", "before any finding"),
))  # fmt: skip

FAMILIES = Schema("families", (
    Column("family", "text", "", "root, plexus, sciatic, gluteal, other_nerve, local_muscle, diffuse or none"),
    Column("probability", "number", "0-1", "sum over the family's sites"),
))  # fmt: skip

EVIDENCE = Schema("evidence", (
    Column("finding", "text", "", "what was found, such as 'left gluteus_maximus: fibrillation 2'"),
    Column("kind", "text", "", "needle, conduction, clinical, imaging or history"),
    Column("subject", "text", "", "muscle, nerve study or finding id"),
    Column("side", "text", "", "side of the finding; empty when it has none"),
    Column("site", "text", "", "site id"),
    Column("log_likelihood", "number", "nat", "contribution of this finding at this site"),
    Column("against_none", "number", "nat", "the same minus that at site 'none': positive speaks for the site"),
    Column("basis", "text", "", "measured, consensus or assumed"),
    Column("source", "text", "", "key of the source table"),
))  # fmt: skip

SUGGESTIONS = Schema("suggestions", (
    Column("test", "text", "", "muscle or nerve study id that has not been done"),
    Column("side", "text", "", "side to test"),
    Column("information_bits", "number", "bit", "expected gain of information about the site"),
    Column("separates", "text", "", "the two leading sites that it tells apart best, joined by ' | '"),
    Column("hazard", "text", "", "caution for the examiner"),
))  # fmt: skip

VERDICTS = ("definite", "probable", "not_supported", "indeterminate")


@dataclass(frozen=True)
class Verdict:
    """The statement on the inferior gluteal nerve.

    Parameters
    ----------
    status : {"definite", "probable", "not_supported", "indeterminate"}
        How it is printed is a matter of words: see law 11 and ``show``.
    side : str
    missing : tuple of str
        Criteria that could not be judged because a test is missing.
    failed : tuple of str
        Criteria that the findings contradict.
    met : tuple of str
        Criteria that the findings meet.
    """

    status: str
    side: str = ""
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    met: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Localization:
    """Probabilities over sites, and what gave them.

    Parameters
    ----------
    posterior : pandas.DataFrame
        Schema ``POSTERIOR``, most probable first, probabilities sum to one.
    families : pandas.DataFrame
        Schema ``FAMILIES``, most probable first.
    evidence : pandas.DataFrame
        Schema ``EVIDENCE``: what every finding did to every site.
    suggestions : pandas.DataFrame
        Schema ``SUGGESTIONS``, most informative first.
    verdict : Verdict
        On the inferior gluteal nerve.
    side : {"left", "right", ""}
        Side that carries the lesion; empty when no finding tells.
    caveats : tuple of str
        Ids of cautions, resolved to sentences where they are shown.
    assumed : tuple of str
        Keys of the evidence rows used whose basis is ``assumed``.
    prior_name : str
    weeks_since_onset : float or None
    """

    posterior: pd.DataFrame
    families: pd.DataFrame
    evidence: pd.DataFrame
    suggestions: pd.DataFrame
    verdict: Verdict
    side: Side | str = ""
    caveats: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    prior_name: str = "general"
    weeks_since_onset: float | None = None

    def __repr__(self) -> str:
        leading = self.posterior.head(3)
        sites = ", ".join(f"{row.site} {row.probability:.0%}" for row in leading.itertuples())
        return f"<Localization {self.side + ' ' if self.side else ''}{sites}>"
