"""The report in a real browser: no request, no error, no sideways scrolling; what it shows, plays and prints."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import emgkit
from emgkit.show.report import write_report
from tests.house.source_code import ROOT
from tests.show.made_by_hand import Case, Train, make_activity, make_case, many_muscles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser
STORED = sorted(path.parent for path in (ROOT / "data").glob("*/study.toml"))
SHAPE = """canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let ink = 0;
  for (let k = 0; k < pixels.length; k += 4) ink += pixels[k] + pixels[k + 1] + pixels[k + 2] < 500;
  return ink;
}"""


def lacking(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium")
    if path is None:
        lacking("no 'chromium' on the path: install Chromium to open the report in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, case: Case) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, **case.parts)
    return path


def report_of(folder: Path, path: Path) -> Path:
    study = emgkit.read_study(folder)
    findings = emgkit.analyze_study(study)
    write_report(path, study=study, findings=findings, answer=emgkit.localize_study(study, findings))
    return path


@pytest.fixture(scope="module", params=STORED, ids=lambda folder: folder.name)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of each study of the folder ``data``, analysed from its files."""
    return report_of(request.param, tmp_path_factory.mktemp("stored") / "report.html")


@pytest.fixture(scope="module")
def gluteal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of one of them, whose trains are known."""
    return report_of(ROOT / "data" / "inferior-gluteal", tmp_path_factory.mktemp("gluteal") / "report.html")


@pytest.fixture
def opened(browser: Any, gluteal: Path) -> Iterator[Any]:
    yield from on_a_laptop(browser, gluteal)


@pytest.fixture
def each(browser: Any, stored: Path) -> Iterator[Any]:
    yield from on_a_laptop(browser, stored)


def on_a_laptop(browser: Any, stored: Path) -> Iterator[Any]:
    """Open a report; when it is closed, no error was said and no address was asked."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(stored.as_uri())
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [stored.as_uri()]
    page.close()


def decoded(page: Any, recording: Any) -> None:
    """Wait until the samples of a recording are there: its trace is drawn finer than its outline."""
    recording.locator(".view").scroll_into_view_if_needed()
    recording.locator(".screen[data-samples]").wait_for()


@pytest.mark.parametrize("width", [1600, 1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_from_disk_without_error_request_or_overflow(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    assert page.locator("h1").inner_text() == "inferior-gluteal"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    context.close()


def test_of_every_stored_study_each_train_is_clicked_and_a_sound_is_played(each: Any) -> None:
    recordings = each.locator(".recording")
    assert recordings.count() >= 9
    for number in range(1, recordings.count() + 1):
        recording = each.locator(f"#recording-{number}")
        decoded(each, recording)
        for name in recording.locator(".train-keys .name").all():
            name.click()
            assert ": discharge 1 of " in recording.locator(".status").inner_text()
    recording = each.locator("#recording-1")
    recording.get_by_role("button", name="Play the sound").click()
    audio = recording.locator("audio")
    audio.evaluate("sound => new Promise(done => { sound.ontimeupdate = () => sound.currentTime > 0.1 && done(); })")
    assert audio.evaluate("sound => sound.error") is None


def test_a_click_on_a_train_goes_to_its_discharges_one_after_the_other(opened: Any) -> None:
    recording = opened.locator("#recording-1")
    decoded(opened, recording)
    name = recording.locator(".train-keys .name").first
    events = int(recording.locator(".train-keys .count").first.inner_text().split()[0])
    places = []
    for number in (1, 2):
        name.click()
        status = recording.locator(".status").inner_text()
        assert f"discharge {number} of {events} at" in status
        places.append(float(status.split(" at ")[1].split(" s")[0]))
        assert "10 ms/div" in recording.locator(".view").get_attribute("aria-label")
    assert places[0] < places[1]
    recording.get_by_role("button", name="Discharge before, train 0").click()
    assert f"discharge 1 of {events}" in recording.locator(".status").inner_text()


def test_a_click_on_a_tick_of_the_overview_or_a_mark_of_the_trace_chooses_that_train(opened: Any) -> None:
    recording = opened.locator("#recording-1")
    decoded(opened, recording)
    strip = recording.locator(".strip")
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] / 2, "y": box["height"] - 8})
    assert recording.locator(".status").inner_text().startswith("Train 2, ")
    recording.locator(".view").click(position={"x": 0.35 * recording.locator(".view").bounding_box()["width"], "y": 60})
    assert recording.locator(".status").inner_text().startswith("Train 2, ")


def test_a_hidden_train_is_drawn_no_more(opened: Any) -> None:
    recording = opened.locator("#recording-1")
    decoded(opened, recording)
    view = recording.locator(".view")
    recording.locator(".train-keys .name").nth(1).click()
    shown = view.screenshot()
    box = recording.get_by_role("checkbox", name="Show train 1")
    box.uncheck()
    assert view.screenshot() != shown
    box.check()
    assert view.screenshot() == shown


def test_the_trace_is_panned_zoomed_and_rastered_by_keys_mouse_and_buttons(opened: Any) -> None:
    recording = opened.locator("#recording-1")
    decoded(opened, recording)
    view = recording.locator(".view")

    def said() -> str:
        return view.get_attribute("aria-label")

    assert "1.2 s/div" in said()
    assert "0.00 to 12.00 s" in said()
    view.focus()
    opened.keyboard.press("+")
    assert "1 s/div" in said()
    for _ in range(3):
        opened.keyboard.press("+")
    assert "100 ms/div" in said()
    opened.keyboard.press("Home")
    assert "0.00 to 1.00 s" in said()
    opened.keyboard.press("ArrowRight")
    assert "0.10 to 1.10 s" in said()
    box = view.bounding_box()
    opened.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 50)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 50, steps=4)
    opened.mouse.up()
    assert "0.60 to 1.60 s" in said()
    recording.get_by_role("combobox", name="Gain").select_option(label="50 μV/div")
    assert "50 μV/div" in said()
    recording.get_by_role("button", name="Sweeps below each other").click()
    assert said().startswith("Raster of sweeps, 10 ms/div")
    assert view.evaluate(SHAPE) > 1000
    recording.get_by_role("button", name="Show the whole recording").click()
    assert "0.00 to 12.00 s" in said()


def test_discharges_are_stepped_through_and_heard_by_keys_alone(opened: Any) -> None:
    recording = opened.locator("#recording-1")
    decoded(opened, recording)
    recording.locator(".view").focus()
    places = []
    for key in ("n", "n", "p"):
        opened.keyboard.press(key)
        places.append(recording.locator(".status").inner_text().split(": discharge ")[1].split()[0])
    assert places == ["1", "2", "1"]
    audio = recording.locator("audio")
    opened.keyboard.press("Space")
    audio.evaluate("sound => new Promise(done => { sound.ontimeupdate = () => sound.currentTime > 0.1 && done(); })")
    opened.keyboard.press("Space")
    assert audio.evaluate("sound => sound.paused")


def test_the_sound_of_a_recording_and_of_one_train_plays(opened: Any) -> None:
    recording = opened.locator("#recording-1")
    decoded(opened, recording)
    audio = recording.locator("audio")
    recording.get_by_role("button", name="Play the sound").click()
    for _ in range(50):
        if audio.evaluate("sound => sound.currentTime") > 0.2:
            break
        opened.wait_for_timeout(100)
    assert audio.evaluate("sound => sound.currentTime") > 0.2
    assert audio.evaluate("sound => sound.duration") == pytest.approx(12.0, abs=0.01)
    assert audio.evaluate("sound => sound.error") is None
    alone = recording.get_by_role("button", name="Hear train 1 alone")
    alone.click()
    recording.locator(".status", has_text="Playing train 1 alone").wait_for()
    assert audio.evaluate("sound => sound.paused")
    assert alone.get_attribute("aria-pressed") == "true"
    alone.click()
    assert alone.get_attribute("aria-pressed") is None


def test_of_a_long_recording_the_outline_is_drawn_where_no_samples_are_stored(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emgkit.show.report_screen._MOST_SOUND_S", 4.0)
    path = tmp_path / "report.html"
    activity = make_activity(trains=(Train("fibrillation", 7.0, 130, 0.02, 6.0, 9.0),))
    write_report(path, **make_case((activity,)).parts)
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(path.as_uri())
    recording = page.locator("#recording-1")
    decoded(page, recording)
    view = recording.locator(".view")
    assert view.get_attribute("aria-label").split(";")[0].endswith("outline")
    recording.get_by_role("combobox", name="Time per division").select_option(label="100 ms/div")
    view.focus()
    page.keyboard.press("Home")
    assert view.get_attribute("aria-label").split(";")[0].endswith("outline")
    assert view.evaluate(SHAPE) > 300
    recording.locator(".train-keys .name").click()
    assert "outline" not in view.get_attribute("aria-label")
    assert "From 6 to 10 s of 12 s" in recording.locator(".sound").inner_text()
    page.close()


def test_without_scripts_the_pictures_and_the_sound_remain(browser: Any, stored: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(stored.as_uri())
    still = page.locator("#recording-1 .still img").first
    still.scroll_into_view_if_needed()
    assert still.is_visible()
    assert page.locator("#recording-1 audio").is_visible()
    assert not page.locator("#recording-1 .screen").is_visible()
    context.close()


def test_a_script_that_came_in_by_a_file_does_not_run(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    evil = "<script>document.title = 'taken over'</script>"
    write_report(path, **make_case(many_muscles(1), study_id=evil).parts)
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.locator("h1").inner_text() == evil
    assert "taken over" not in page.title().replace(evil, "")
    # Should a tag ever slip through, the page's own policy stops it.
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.taken = 1'}))")
    assert page.evaluate("window.taken") is None
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, stored: Path, scheme: str) -> None:
    if find_spec("axe_playwright_python") is None:
        lacking("axe-playwright-python is not installed")
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(stored.as_uri())
    results = Axe().run(page).response
    assert len(results["passes"]) > 10
    serious = [
        (found["id"], found["impact"], [node["html"][:120] for node in found["nodes"][:3]])
        for found in results["violations"]
        if found["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    context.close()


def test_the_page_prints_to_pdf_with_answer_map_and_next_tests_on_page_one(browser: Any, stored: Path) -> None:
    page = browser.new_page()
    page.goto(stored.as_uri())
    page.emulate_media(media="print")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed[:5] == b"%PDF-"
    assert 5 < printed.count(b"/Type /Page\n") < 40
    # 1001 CSS pixels of an A4 page at 96 per inch are left by its margins.
    page.set_viewport_size({"width": 688, "height": 1001})
    for place in (".verdict", ".map", ".rivals", ".tests"):
        assert page.evaluate(f"document.querySelector('{place}').getBoundingClientRect().bottom") < 1001, place
    assert page.locator("#recording-1 .still img").first.is_visible()
    assert not page.locator("#recording-1 .screen").is_visible()
    page.close()


def test_text_has_enough_contrast_in_light_and_dark(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, **make_case(many_muscles(1)).parts)
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.evaluate(_LEAST_CONTRAST) >= 4.5
        context.close()


_LEAST_CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = color => {
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = color.slice(0, 3).map(v => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = rgb(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  let least = 21;
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
}"""
