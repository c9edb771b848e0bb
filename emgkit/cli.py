"""The command line: parse, call, print.

Exit codes: 0 all done; 1 the input was refused, one line says why; 2 the command was written wrongly; 3 done, but some
recordings could not be analysed and are named.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emgkit.errors import EmgkitError
from emgkit.knowledge.charts import DEFAULT_CHART
from emgkit.knowledge.clinical import complete_findings, findings_in_words
from emgkit.knowledge.grading import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from emgkit.knowledge.clinical import FindingKind
    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.change import StudyChange
    from emgkit.model.localization import Localization

PARTLY_DONE = 3
PICTURES = (".png", ".svg", ".pdf")
LEADING = 8  # sites that are printed
NEXT_TESTS = 3
KINDS: tuple[FindingKind, ...] = ("clinical", "imaging", "history")
SIDE = click.Choice(["left", "right"], case_sensitive=False)
STATE = click.Choice(["rest", "insertion", "slight", "maximal"], case_sensitive=False)
SCHEME = click.Choice(SCHEMES, case_sensitive=False)


def _told(kind: FindingKind, example: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    text = f"A {kind} finding, as NAME, NAME=VALUE or NAME=VALUE@SIDE (repeat): {example}."
    complete = partial(complete_findings, kind=kind)
    return click.option(f"--{kind}", multiple=True, help=text, shell_complete=lambda _, __, begun: complete(begun))


_prior = click.option("--prior", help="Name of a prior: general (default) or gluteal_referral.")
_candidates = click.option(
    "--candidate", "candidates", multiple=True, help="Consider only these sites (repeat; pairs as a+b)."
)
_chart = click.option(
    "--chart", default=DEFAULT_CHART, show_default=True, help="Myotome chart: tsao, phillips_park, classical."
)


class _OneLineErrors(click.Group):
    # What the library refuses is one clear line and exit code 1, never a traceback.

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EmgkitError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:  # the reader of our output has seen enough; click ends quietly
            raise
        except OSError as error:
            msg = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
            raise click.ClickException(msg) from error


def _picture_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in PICTURES:
        msg = f"{str(value)!r} does not end in one of {', '.join(PICTURES)}."
        raise click.BadParameter(msg, ctx=ctx, param=param)
    return value


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="emgkit")
def main() -> None:
    """From needle EMG and nerve conduction studies to where the lesion is, with the evidence.

    A research and review aid, not a diagnosis.

    \b
    Start with
      emgkit simulate --site inferior_gluteal my-study     make a study with known truth
      emgkit analyze my-study -o results                   analyse it; open results/report.html
    """


@dataclass(frozen=True)
class _Options:
    # What both commands that analyse a study are told.
    output: Path
    prior: str | None
    candidates: tuple[str, ...]
    chart: str
    scheme: str | None
    exports: bool
    identified: bool
    quiet: bool


def _takes_options(command: Callable[..., None]) -> Callable[..., None]:
    folder = click.Path(path_type=Path)
    options = (
        click.option("-o", "--output", "output", type=folder, required=True, help="Folder for the results."),
        _prior,
        _candidates,
        _chart,
        click.option("--scheme", type=SCHEME, help="Grading scheme; else that of study.toml, else mayo."),
        click.option("--exports", is_flag=True, help="Also fhir.json, annotations/ for MNE, bids/ with events.tsv."),
        click.option("--identified", is_flag=True, help="Name files, channels and times of recording in the results."),
        click.option("--quiet", is_flag=True, help="No progress bars, no summary."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command(short_help="A study folder to a report, JSON and CSV tables.")
@click.argument("study", type=click.Path(path_type=Path))
@_takes_options
def analyze(study: Path, **options: Any) -> None:
    """Analyse the study folder STUDY and write report.html, localization.json and CSV tables.

    \b
    A study folder holds study.toml (the patient's facts), recordings.csv with the files it
    names, and, where there are any, conduction.csv and needle.csv.
    """
    _analyze(study, _Options(**options))


@main.command("follow-up", short_help="A second study folder beside the first: what changed.")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@_takes_options
def follow_up(first: Path, second: Path, **options: Any) -> None:
    """Analyse the study folder SECOND, and show what changed since FIRST, of the same patient.

    \b
    Writes what analyze writes for SECOND, with the change in the report, and
    needle_changes.csv and conduction_changes.csv.
    """
    _analyze(second, _Options(**options), first=first)


def _analyze(study: Path, options: _Options, *, first: Path | None = None) -> None:
    import emgkit  # noqa: PLC0415 - a help text needs no analysis
    from emgkit.files.results import make_folder  # noqa: PLC0415
    from emgkit.findings.change import require_order  # noqa: PLC0415
    from emgkit.show.words import graded_by_text  # noqa: PLC0415

    before, examination = None if first is None else emgkit.read_study(first), emgkit.read_study(study)
    folder = make_folder(options.output, exports=options.exports)
    chosen: dict[str, Any] = {
        "candidates": options.candidates or None, "prior": options.prior, "chart": options.chart,
    }  # fmt: skip
    # a misspelt name, an impossible age or a wrong order is refused now, not after minutes of work
    emgkit.localize([], age_years=examination.age_years, **chosen)
    weeks = require_order(None if before is None else before.weeks_since_onset, examination.weeks_since_onset)
    findings = emgkit.analyze_study(examination, scheme=options.scheme, progress=not options.quiet)
    answer = emgkit.localize_study(examination, findings, **chosen)
    change, left_out = None, list(findings.left_out)
    if before is not None:
        earlier = emgkit.analyze_study(before, scheme=options.scheme, progress=not options.quiet)
        change = emgkit.compare_findings(earlier, findings, first_weeks=weeks[0], second_weeks=weeks[1])
        left_out += [f"first examination: {line}" for line in earlier.left_out]
    results: dict[str, Any] = {"findings": findings, "answer": answer, "change": change}
    emgkit.write_results(
        folder, **results, study_id=examination.id, exports=options.exports, identified=options.identified
    )
    with click.progressbar(
        length=len(findings.activities), label="report", hidden=options.quiet, file=sys.stderr
    ) as bar:
        emgkit.write_report(
            folder / "report.html",
            study=examination,
            **results,
            identified=options.identified,
            advance=lambda: bar.update(1),
        )
    if not options.quiet:
        _print_answer(answer)
        if change is not None:
            _print_change(change)
        if graded_by := graded_by_text(findings.muscles):
            click.echo(f"{graded_by}.")
        click.echo(f"Report: {folder / 'report.html'}")
    for line in left_out:
        click.echo(f"Left out: {line}", err=True)
    if left_out:
        raise click.exceptions.Exit(PARTLY_DONE)


def _print_change(change: StudyChange) -> None:
    from emgkit.show.change_plots import change_lines  # noqa: PLC0415

    for line in change_lines(change):
        click.echo(f"Change: {line}")


@main.command(short_help="The discharges of one recording.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--muscle", required=True, help='Muscle, any usual spelling: "gluteus maximus", "TA".')
@click.option("--side", required=True, type=SIDE)
@click.option("--channel", help="Channel, where the file has several.")
@click.option("--state", default="rest", show_default=True, type=STATE)
@click.option("--invert", is_flag=True, help="The file stores negative as positive numbers.")
@click.option("--uv-per-unit", type=float, help="Microvolt for one unit of the file, where the file does not say.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: trains with their times, excluded spans.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_picture_file,
    help="Also draw the recording to this PNG, SVG or PDF.",
)
def rest(
    file: Path,
    muscle: str,
    side: str,
    channel: str | None,
    state: str,
    invert: bool,
    uv_per_unit: float | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Find, sort and name the discharges of one recording FILE (EDF, BDF, WAV, WFDB or text)."""
    import emgkit  # noqa: PLC0415
    from emgkit.files.atomic import atomic_file  # noqa: PLC0415

    recording = emgkit.read_recording(
        file,
        muscle=muscle,
        side=side,  # type: ignore[arg-type]
        channel=channel,
        state=state,  # type: ignore[arg-type]
        invert=invert,
        uv_per_unit=uv_per_unit,
    )
    activity = emgkit.find_spontaneous_activity(recording)
    if plot is not None:
        with atomic_file(plot) as partial:
            emgkit.plot_recording(activity).savefig(partial, format=plot.suffix[1:].lower())
    if as_json:
        from emgkit.files.results import activity_document  # noqa: PLC0415

        click.echo(json.dumps(activity_document(activity), indent=2))
    else:
        _print_activity(activity)


@main.command(short_help="A table of scored findings to probable sites.")
@click.argument("needle", type=click.Path(path_type=Path))
@click.option("--conduction", type=click.Path(path_type=Path), help="CSV with study, side and result.")
@click.option("--weeks", type=click.FloatRange(min=0), help="Weeks since onset.")
@click.option(
    "--event", "events", multiple=True, type=click.FloatRange(min=0), help="Weeks since another event (repeat)."
)
@click.option("--age", "age_years", type=float, help="Age in years; over 60 some tests are read differently.")
@click.option("--side", "affected_side", type=SIDE, help="Side of the complaint; else the one that was examined.")
@_told("clinical", '"hip extension=weak", ankle_jerk=absent@left')
@_told("imaging", '"muscle oedema=gluteus maximus"')
@_told("history", "diabetes, spine_surgery=L5,S1")
@_chart
@_prior
@_candidates
@click.option("--json", "as_json", is_flag=True, help="Print JSON with the evidence.")
def localize(
    needle: Path,
    conduction: Path | None,
    weeks: float | None,
    events: tuple[float, ...],
    candidates: tuple[str, ...],
    as_json: bool,
    **told: Any,
) -> None:
    """Localize from scored findings alone: NEEDLE is a CSV with muscle, side, fibrillation, ...

    \b
    Usual spellings are understood. An empty cell is "not assessed", never 0.
      muscle,side,fibrillation,positive_sharp_wave
      gluteus maximus,left,2,1
      TA,left,0,0
    Findings besides the tests have the names of study.toml; what is not told was not looked for.
    """
    import emgkit  # noqa: PLC0415
    from emgkit.files.scored import read_scored  # noqa: PLC0415
    from emgkit.pipeline import judged_conduction  # noqa: PLC0415

    answer = emgkit.localize(
        read_scored(needle),
        judged_conduction(read_scored(conduction)) if conduction is not None else None,
        weeks_since_onset=weeks,
        events=[{"weeks_ago": event} for event in events],
        candidates=candidates or None,
        **told | {kind: findings_in_words(told[kind], kind=kind) or None for kind in KINDS},
    )
    if as_json:
        from emgkit.files.results import localization_document  # noqa: PLC0415

        click.echo(json.dumps(localization_document(answer), indent=2))
    else:
        _print_answer(answer)


@main.command(short_help="A study with known truth, to try things on.")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--site", required=True, help="Lesion site id, such as inferior_gluteal, root_S1, none.")
@click.option("--side", default="left", show_default=True, type=SIDE)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="The same seed gives the same study."
)
@click.option("--weeks", default=6.0, show_default=True, type=click.FloatRange(min=0), help="Weeks since onset.")
@click.option("--duration", default=12.0, show_default=True, type=click.FloatRange(1, 600), help="Seconds a recording.")
@click.option(
    "--rate", default=24000.0, show_default=True, type=click.FloatRange(2000, 200000), help="Samples a second."
)
def simulate(out: Path, site: str, side: str, seed: int, weeks: float, duration: float, rate: float) -> None:
    """Make a study with a lesion at SITE, and its truth, in the new folder OUT."""
    import emgkit  # noqa: PLC0415
    from emgkit.files.truth import write_truth  # noqa: PLC0415

    study, truth = emgkit.simulate_study(
        site,
        side=side,  # type: ignore[arg-type]
        rate_hz=rate,
        duration_s=duration,
        weeks_since_onset=weeks,
        rng=seed,
    )
    emgkit.write_study(out, study)
    write_truth(out, site=site, side=side, seed=seed, events=[recording.events for recording in truth.recordings])
    click.echo(f"Wrote {len(study.recordings)} recordings to {out}; the truth is in {out / 'truth.json'}.")


def _print_answer(answer: Localization) -> None:
    from emgkit.knowledge.names import site_name  # noqa: PLC0415
    from emgkit.show.report_answer import caveat_sentences, next_tests  # noqa: PLC0415
    from emgkit.show.report_reasons import rival_groups  # noqa: PLC0415
    from emgkit.show.words import PROBABILITY_NOTE, probability_text, verdict_text  # noqa: PLC0415

    leading = answer.differential.head(LEADING)
    for site, probability in zip(leading["site"], leading["probability"], strict=True):
        click.echo(f"{probability_text(float(probability)):>7}  {site_name(str(site))}")
    click.echo(f"Probability {PROBABILITY_NOTE}.")
    if answer.side:
        click.echo(f"Side: {answer.side}")
    _print_reasons(answer)
    for test in next_tests(answer, most=NEXT_TESTS):
        click.echo(f"Next test: {test['test']} ({test['gain']} bit; {' or '.join(test['separates'])})")
    for caveat in caveat_sentences(answer):
        click.echo(f"{'Urgent' if caveat.urgent else 'Caution'}: {caveat.sentence}")
    for word, rivals in rival_groups(answer):
        told = [f"{name} ({why})" if word == "open" else name for name, why in rivals]
        click.echo(f"To be told from the inferior gluteal nerve, {word}: {'; '.join(told)}")
    click.echo(f"Inferior gluteal nerve: {verdict_text(answer.verdict.status)}")


def _print_reasons(answer: Localization) -> None:
    from emgkit.show.report_reasons import reason_parts  # noqa: PLC0415

    parts = reason_parts(answer)
    for name, sentences in (
        ("Tie", [parts["tie"]] if parts["tie"] else []),
        ("Beside it", [parts["beside"]] if parts["beside"] else []),
        ("Why", parts["reasons"]),
        ("Not explained", parts["unexplained"]),
        ("Would change it", parts["would_change"]),
        ("Would settle it", [parts["settling"]] if parts["settling"] else []),
        ("At these tests", parts["settling_hazards"]),
    ):
        for sentence in sentences:
            click.echo(f"{name}: {sentence}")


def _print_activity(activity: SpontaneousActivity) -> None:
    from emgkit.show.words import counted  # noqa: PLC0415

    side, seconds = activity.recording.side, activity.analysed_s
    click.echo(f"{side} {activity.muscle}: {seconds:.1f} s analysed, {counted(len(activity.trains), 'train')}")
    for row in activity.trains.itertuples():
        click.echo(
            f"  {row.label:<28} p {row.probability:.2f}  {row.n_events:>4} discharges  {row.rate_hz:5.1f} Hz  "
            f"irregularity {row.irregularity:.3f}  {row.amplitude_uv:.0f} uV  {row.start_s:.1f}-{row.stop_s:.1f} s"
        )
        click.echo(f"      {row.reasons}")
    for reason, spans in activity.excluded.groupby("reason"):
        length_s = (spans["stop_s"] - spans["start_s"]).sum()
        click.echo(
            f"  excluded: {reason}, {counted(len(spans), 'span')}, {length_s:.2f} s in all, "
            f"first at {spans['start_s'].min():.2f} s"
        )
    if activity.flags:
        click.echo(f"  flags: {', '.join(activity.flags)}")
