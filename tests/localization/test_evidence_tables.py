from itertools import product

import numpy as np
import pytest

from emgkit.knowledge.anatomy import extents, muscle_share, muscles, sites, studies
from emgkit.knowledge.clinical import clinical_findings, scale_values
from emgkit.knowledge.rivals import read_verdict_criteria
from emgkit.knowledge.tables import criteria_values, read_rows
from emgkit.localization.context import ClinicalEvidence
from emgkit.localization.evidence import (
    GRADE_CLASSES,
    Count,
    Expectation,
    counts,
    expectations,
    false_positive,
    reach_probability,
    severities,
    timed,
)  # fmt: skip
from emgkit.localization.hypotheses import PRIORS, read_prior
from emgkit.localization.reach import reach

TESTS = {*muscles(), *studies()}
KINDS = {"needle", "sensory", "motor", "reflex", "late_response"}


def test_every_id_of_the_evidence_tables_is_known():
    for row in read_rows("evidence_counts.csv", Count):
        assert row.site in sites(), row
        assert row.test in TESTS, row
        assert 0 <= row.abnormal <= row.tested, row
    for row in read_rows("evidence_expected.csv", Expectation):
        site, _, extent = row.site.partition(":")
        assert site in sites(), row
        assert not extent or extent in {one.extent for one in extents(site)}, row
        assert set(row.tests) <= TESTS, row
    for row in read_verdict_criteria():
        assert set(row.tests) <= TESTS, row
    for row in read_rows("evidence_clinical.csv", ClinicalEvidence):
        known = {"muscles": set(muscles()), "studies": set(studies()), "sites": set(sites())}.get(row.how, set())
        assert set(row.subjects) <= known, row
        assert not row.state or row.state in scale_values(clinical_findings()[row.finding].scale), row


@pytest.mark.parametrize("prior", PRIORS)
def test_a_prior_weighs_every_site(prior):
    single = {site for site in read_prior(prior) if "+" not in site}
    assert single == set(sites())
    assert min(read_prior(prior).values()) > 0


def test_probabilities_are_strictly_between_0_and_1():
    for row in read_rows("evidence_clinical.csv", ClinicalEvidence):
        assert 0 < row.value < 1, row
        assert 0 < row.baseline < 1, row
    for row in expectations().values():
        assert 0 < row.value < 1, row
    for (muscle, record), age in product(muscles().items(), ("younger", "older")):
        rates = false_positive("needle", muscle, length_class=record.length_class, age=age)
        assert 0 < rates["grade_3"] < rates["grade_2"] < rates["grade_1"] < 0.1, muscle
    assert severities().weight.sum() == pytest.approx(1)
    assert severities().grades.sum(axis=1) == pytest.approx(1)


def test_rows_of_one_clinical_finding_share_their_baseline():
    baselines = {}
    for row in read_rows("evidence_clinical.csv", ClinicalEvidence):
        key = (row.finding, row.state)
        assert baselines.setdefault(key, row.baseline) == row.baseline, row


def test_published_frequencies_are_what_the_model_predicts():
    """Abnormal at any grade, six weeks on, against the 95 % interval of Beta(k + 1/2, n - k + 1/2)."""
    from scipy.stats import beta

    table = reach()
    for (site, test), count in counts().items():
        if site == "none" or test not in muscles():
            continue
        length_class = muscles()[test].length_class
        rates = false_positive("needle", test, length_class=length_class)
        false = sum(rates[grade] for grade in GRADE_CLASSES[1:])
        changed = table.by_severity[table.site_index[site], table.test_index[test]] @ severities().weight
        shown = changed * timed("fibrillation", 6, length_class=length_class)
        hidden = (1 - changed) * changed * criteria_values("evidence_model")["silent_per_reach"]
        predicted = shown + max(0.0, 1 - changed - hidden) * false
        low, high = beta.ppf([0.025, 0.975], count.abnormal + 0.5, count.tested - count.abnormal + 0.5)
        assert low <= predicted <= high, (site, test, predicted, low, high)


def test_a_count_comes_before_an_expectation_and_both_before_the_share():
    table = reach()

    def mean(site, test):
        return float(table.by_severity[table.site_index[site], table.test_index[test]] @ severities().weight)

    assert mean("root_S1", "tibialis_posterior") < 0.25  # 2 of 11
    assert mean("root_S1", "semitendinosus") == pytest.approx(expectations()["root_S1", "semitendinosus"].value)
    share = muscle_share("root_S1", "soleus")
    assert mean("root_S1", "soleus") == pytest.approx(float(reach_probability("needle", np.array(share))))
    assert table.basis["root_S1", "gluteus_maximus"] == ("measured", "tsao_2003")
    assert table.basis["root_S1", "soleus"][0] == "assumed"


def test_a_lower_share_is_never_more_likely_to_show():
    share = np.linspace(0, 1, 101)
    for kind in KINDS:
        assert (np.diff(reach_probability(kind, share)) >= 0).all()
        assert reach_probability(kind, np.array(0.0)) == 0


def test_fibrillations_appear_from_proximal_to_distal():
    for weeks in (1.5, 2, 3, 4):
        seen = [timed("fibrillation", weeks, length_class=length_class) for length_class in range(5)]
        assert seen == sorted(seen, reverse=True), weeks


def test_a_variant_of_anatomy_does_not_grow_with_severity():
    table = reach()
    ganglion = table.by_severity[table.site_index["root_L5"], table.test_index["superficial_fibular_sensory"]]
    assert ganglion.min() == ganglion.max() > 0.1


@pytest.mark.parametrize("site", ["sciatic_notch", "sciatic_midthigh"])
def test_most_sciatic_lesions_are_worse_in_the_fibular_division(site):
    from scipy.stats import binomtest

    weights = {one.extent: one.weight for one in extents(site)}
    interval = binomtest(15 + 12, 29 + 24).proportion_ci(0.95)
    assert sum(weights.values()) == pytest.approx(1)
    assert max(0.5, interval.low) < weights["fibular_worse"] < interval.high
