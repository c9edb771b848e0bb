"""A chart gives what no published count says; counts stay under every chart."""

import numpy as np
import pytest

from emgkit.errors import UnknownNameError
from emgkit.knowledge.anatomy import muscle_share, muscles, sites, study_share
from emgkit.knowledge.charts import charts, own_subjects
from emgkit.localization.evidence import counts, expectations, reach_probability, severities
from emgkit.localization.posterior import localize
from emgkit.localization.reach import reach
from emgkit.localization.selection import select_rows
from tests.localization.patterns import probabilities, rows


def mean(site, test, chart):
    table = reach(select_rows(chart=chart))
    return float(table.by_severity[table.site_index[site], table.test_index[test]] @ severities().weight)


@pytest.mark.parametrize("chart", charts())
def test_published_counts_stay_under_every_chart(chart):
    table = reach(select_rows(chart=chart))
    for (site, test), count in counts().items():
        share = muscle_share if test in muscles() else study_share
        if site != "none" and (count.abnormal or share(site, test, chart=chart)):
            assert table.basis[site, test] == ("measured", count.source), (site, test)
    assert mean("root_L5", "tibialis_anterior", chart) == pytest.approx(mean("root_L5", "tibialis_anterior", "tsao"))
    assert mean("root_L5", "biceps_femoris_short_head", chart) < 0.1  # 0 of 13, whatever the chart


def test_a_chart_says_what_no_count_says_and_what_was_assumed_for_the_default_gives_way():
    assert ("root_L4", "tibialis_anterior") in expectations()
    likely = reach_probability("needle", np.array(muscle_share("root_L4", "tibialis_anterior", chart="phillips_park")))
    assert mean("root_L4", "tibialis_anterior", "phillips_park") == pytest.approx(float(likely))
    assert mean("root_S1", "semitendinosus", "classical") > 2 * mean("root_S1", "semitendinosus", "tsao")
    assert mean("root_S1", "semitendinosus", "phillips_park") == pytest.approx(
        mean("root_S1", "semitendinosus", "tsao")
    )


@pytest.mark.parametrize("chart", charts())
def test_a_chart_does_not_move_lesions_of_nerves(chart):
    usual, other = reach(), reach(select_rows(chart=chart))
    for site in ("inferior_gluteal", "common_fibular", "femoral", "sciatic_notch", "sacral_plexus", "polyneuropathy"):
        row = usual.site_index[site]
        columns = [usual.test_index[name] for name in muscles() if muscle_share(site, name) in {0.0, 1.0}]
        np.testing.assert_array_equal(usual.by_severity[row, columns], other.by_severity[row, columns])


def test_tibialis_anterior_and_quadriceps_together_speak_more_for_l4_in_a_chart_that_says_so():
    needle = rows({"tibialis_anterior": 2, "vastus_medialis": 1, "peroneus_longus": 0, "gastrocnemius_medial": 0})
    found = {chart: probabilities(localize(needle, weeks_since_onset=6, chart=chart))["root_L4"] for chart in charts()}
    assert found["phillips_park"] > found["tsao"]
    assert found["classical"] > found["tsao"]


def test_a_weak_muscle_speaks_for_the_roots_of_the_chart():
    weak = {"ankle_dorsiflexion_power": 3}
    usual, other = (probabilities(localize([], clinical=weak, chart=chart)) for chart in ("tsao", "phillips_park"))
    assert other["root_L4"] / other["root_L5"] > 1.5 * usual["root_L4"] / usual["root_L5"]


def test_a_muscle_that_no_chart_disputes_says_the_same_under_all():
    needle = rows({"gluteus_medius": 2, "soleus": 0})
    assert not any({"gluteus_medius", "soleus"} & own_subjects(chart) for chart in charts())
    first, *others = (probabilities(localize(needle, chart=chart)) for chart in charts())
    assert all(other == first for other in others)
    assert set(sites()) < set(first)


def test_an_unknown_chart_is_refused_with_the_names():
    with pytest.raises(UnknownNameError, match="the charts are tsao, phillips_park, classical"):
        localize([], chart="nosuch")


def test_an_answer_names_the_chart_it_was_made_with():
    assert "chart_root_weights:classical" in localize(rows({"soleus": 1}), chart="Kendall").assumed
    assert not any("chart" in key for key in localize(rows({"soleus": 1})).assumed)
