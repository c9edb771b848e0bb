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
RIVAL_WORDS = ("unlikely", "open", "not tested", "not told")


@dataclass(frozen=True)
class Rival:
    """A site, or a group of sites, that an isolated lesion of the inferior gluteal nerve has to be told from.

    Parameters
    ----------
    site : str
        Id of the row of the table of rivals, such as ``root_S1`` or ``partial_sacral_plexus``.
    word : {"unlikely", "open", "not tested", "not told"}
    why : str
        The tests that say so, in words.
    """

    site: str
    word: str
    why: str


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
    rivals : tuple of Rival
        Each with its word and why, in the order of the table of rivals.
    """

    status: str
    side: str = ""
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why the first site leads, in sentences whose words are bounded: nothing is confirmed or excluded.

    Parameters
    ----------
    tie : str
        What cannot be told apart by what was tested; empty when nothing ties.
    reasons : tuple of str
        Why the first hypothesis of the posterior beats the second, strongest first; where the second is no lesion or
        looks alike, then why not the next elsewhere. The odds are those of the findings named, given all others.
    unexplained : tuple of str
        Abnormal findings that the first hypothesis makes no more likely than no lesion does.
    would_change : tuple of str
        Outcomes of tests not done yet, each of which alone would make another site lead.
    """

    tie: str = ""
    reasons: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    would_change: tuple[str, ...] = ()


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
    chart : str
        Myotome chart that was read; empty when not said.
    weeks_since_onset : float or None
    age_years : float or None
    idle_pairs : tuple of str
        Pairs not worth naming: they make the findings hardly likelier than one of their sites alone, or hardly count.
    explanation : Explanation
        Why the first site leads, what it leaves unexplained, what would change the answer.
    settling : tuple of str
        The smallest set of tests not done yet that is expected to settle the two leading hypotheses; the best set of
        the largest size tried when none does; empty when they are settled already.
    settling_hazards : tuple of str
        Caution for the examiner of each of these tests; empty text where there is none.
    settling_probability : float or None
        Probability expected for the true one of the two leading hypotheses after these tests, given that one of the
        two is true; None when there are no two.
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
    chart: str = ""
    weeks_since_onset: float | None = None
    idle_pairs: tuple[str, ...] = ()
    explanation: Explanation = Explanation()
    settling: tuple[str, ...] = ()
    settling_hazards: tuple[str, ...] = ()
    settling_probability: float | None = None
    age_years: float | None = None

    @property
    def differential(self) -> pd.DataFrame:
        """The rows of ``posterior`` that are worth naming: all but idle pairs."""
        return self.posterior[~self.posterior["site"].isin(self.idle_pairs)]

    @property
    def beside_leading(self) -> pd.DataFrame:
        """The rows of ``posterior`` in which the first site has a second lesion that the findings do not ask for."""
        leading = set(self.posterior["site"].head(1))
        holding = [pair for pair in self.idle_pairs if leading & set(pair.split("+"))]
        return self.posterior[self.posterior["site"].isin(holding)]

    def __repr__(self) -> str:
        leading = self.differential.head(3)
        sites = ", ".join(f"{row.site} {row.probability:.0%}" for row in leading.itertuples())
        return f"<Localization {self.side + ' ' if self.side else ''}{sites}>"
