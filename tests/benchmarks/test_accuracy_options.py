"""What the benchmark cannot do is said before any scene is made."""

import sys

import accuracy
import pytest


def options(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--scenes", "silent", "--rivals", "none", *words])
    return accuracy._arguments()


@pytest.mark.parametrize(("words", "seeds"), [([], [0, 1, 2]), (["--seeds=7"], [7]), (["--seeds=3-5"], [3, 4, 5])])
def test_seeds_are_a_number_or_a_range(monkeypatch, words, seeds):
    assert list(options(monkeypatch, *words).seeds) == seeds


@pytest.mark.parametrize("seeds", ["x", "3-1", "", "-1", "1-2-3"])
def test_other_seeds_are_refused(monkeypatch, capsys, seeds):
    with pytest.raises(SystemExit, match="2"):
        options(monkeypatch, f"--seeds={seeds}")
    assert f"{seeds!r} is no number and no range such as 0-4" in capsys.readouterr().err


def test_a_table_of_rivals_that_is_missing_is_refused_before_the_work(monkeypatch, capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        options(monkeypatch, "--rivals-from", str(tmp_path / "absent.csv"))
    assert "there is no table" in capsys.readouterr().err


def test_a_scene_that_does_not_exist_is_refused_with_those_that_do(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        options(monkeypatch, "--scenes", "noisy")
    assert "known are" in capsys.readouterr().err
