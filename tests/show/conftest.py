"""Examinations that several tests look at."""

from __future__ import annotations

import pytest

from emgkit.show.report import render_report
from tests.show.made_by_hand import Case, make_case, many_muscles


@pytest.fixture(scope="session")
def case() -> Case:
    return make_case()


@pytest.fixture(scope="session")
def small_case() -> Case:
    return make_case(many_muscles(2))


@pytest.fixture(scope="session")
def page(case: Case) -> str:
    return render_report(**case.parts)
