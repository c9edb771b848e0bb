"""Competing myotome charts: each whole, each named, the default untouched."""

import pytest

from emgkit.errors import UnknownNameError
from emgkit.knowledge.anatomy import chain, muscle_share, muscles, root_weights, sites, studies, study_share
from emgkit.knowledge.charts import (
    DEFAULT_CHART,
    ChartRootWeight,
    charts,
    find_chart,
    own_subjects,
    weights_by_subject,
)
from emgkit.knowledge.tables import read_rows

ROOTS = [site for site in sites() if site.startswith("root_")]
OTHERS = [chart for chart in charts() if chart != DEFAULT_CHART]


def test_the_default_comes_first_and_every_other_chart_has_rows():
    assert next(iter(charts())) == DEFAULT_CHART
    assert not own_subjects(DEFAULT_CHART)
    assert all(own_subjects(chart) for chart in OTHERS)


def test_every_row_of_a_chart_is_known_reaches_its_muscle_and_stands_once():
    rows = read_rows("chart_root_weights.csv", ChartRootWeight)
    assert len({(row.chart, row.subject, row.root) for row in rows}) == len(rows)
    for row in rows:
        assert row.chart in OTHERS, row
        assert row.root in ROOTS, row
        assert 0 < row.value <= 1, row
        path = (muscles().get(row.subject) or studies()[row.subject]).path
        assert chain(row.root, path), row


@pytest.mark.parametrize("chart", charts())
def test_the_shares_of_all_roots_add_up_in_every_chart(chart):
    for subject in own_subjects(chart) or weights_by_subject(chart):
        share = muscle_share if subject in muscles() else study_share
        motor = subject in muscles() or studies()[subject].kind != "sensory"
        total = sum(share(root, subject, chart=chart) for root in ROOTS)
        assert total == pytest.approx(float(motor)), subject


@pytest.mark.parametrize("chart", OTHERS)
def test_a_chart_changes_only_what_it_names(chart):
    for subject in weights_by_subject():
        if subject not in own_subjects(chart):
            assert root_weights(subject, chart=chart) == root_weights(subject)


def test_the_charts_disagree_where_the_reference_says_so():
    def major(muscle, chart):
        weights = root_weights(muscle, chart=chart)
        return max(weights, key=lambda root: weights[root])

    assert (major("tibialis_anterior", "tsao"), major("tibialis_anterior", "phillips_park")) == ("root_L5", "root_L4")
    for muscle in ("vastus_medialis", "vastus_lateralis", "rectus_femoris", "adductor_longus"):
        assert major(muscle, "phillips_park") == "root_L3"
    assert major("gluteus_maximus", "phillips_park") == "root_S1"
    assert major("peroneus_longus", "phillips_park") == "root_L5"
    assert set(root_weights("semitendinosus", chart="classical")) == {"root_L5", "root_S1", "root_S2"}
    short_head = [muscle_share("root_L5", "biceps_femoris_short_head", chart=name) for name in ("classical", "tsao")]
    assert short_head[0] > 3 * short_head[1]


def test_a_chart_is_found_by_its_usual_names_and_an_unknown_one_is_refused_with_the_names():
    assert find_chart("Kendall") == "classical"
    assert find_chart("phillips-park") == "phillips_park"
    with pytest.raises(UnknownNameError, match="'nosuch'; the charts are tsao, phillips_park, classical"):
        find_chart("nosuch")
