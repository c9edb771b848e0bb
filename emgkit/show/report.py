"""The case-review report: one self-contained page that a colleague can check without having been in the room."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgkit.errors import InputFileError
from emgkit.knowledge.names import readable
from emgkit.show.body_plots import body_shapes, describe_body, plot_body
from emgkit.show.change_table import change_parts
from emgkit.show.localization_plots import describe_evidence, describe_posterior, plot_evidence, plot_posterior
from emgkit.show.pictures import drawing, picture
from emgkit.show.report_answer import answer_parts, caveat_sentences, context_facts
from emgkit.show.report_muscles import muscle_parts
from emgkit.show.report_provenance import provenance_parts
from emgkit.show.report_small_print import small_print_parts
from emgkit.show.report_tables import conduction_parts, evidence_parts, moving_evidence, needle_rows
from emgkit.show.style import make_axes
from emgkit.show.words import graded_by_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from emgkit.model.change import StudyChange
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization
    from emgkit.model.study import Study

_MAP_IN = (7.2, 3.9)


def render_report(
    *,
    study: Study,
    findings: StudyFindings,
    answer: Localization,
    change: StudyChange | None = None,
    identified: bool = False,
    threads: int = 2,
    advance: Callable[[], None] | None = None,
) -> str:
    """Return the report of an examination as the text of one HTML page.

    The page needs no network and no other file: pictures and sounds are inside it, citations are text. The same
    examination gives the same text. Every string that comes from a file is escaped.

    Parameters
    ----------
    study : Study
    findings : StudyFindings
    answer : Localization
    change : StudyChange, optional
        What changed since an examination before this one.
    identified : bool
        Also show the names of files and channels and the times of recording, which may name the patient.
    threads : int
        Processes that share the drawing, on Linux; their number changes nothing in the report.
    advance : callable, optional
        Called after every recording that was drawn, for a progress bar.

    Returns
    -------
    str

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report import render_report
    >>> study, findings = examples.study_and_findings()
    >>> page = render_report(study=study, findings=findings, answer=examples.answer())
    >>> page.index("The answer") < page.index("Differential") < page.index("Needle findings")
    True
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - loaded when a report is written
    from markupsafe import Markup  # noqa: PLC0415 - loaded when a report is written

    environment = Environment(
        loader=PackageLoader("emgkit.show"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=None if identified else _hiding(study),
    )
    # The page may run this script and no other, and ask no address for anything: whatever a file brought in stays text.
    script = (files("emgkit.show") / "templates" / "report.js").read_text(encoding="utf-8")
    digest = hashlib.sha256(script.encode()).digest()
    template = environment.get_template("report.html")
    with drawing():
        return template.render(
            script=Markup(script),  # noqa: S704 - a file of this package
            script_hash=base64.b64encode(digest).decode("ascii"),
            study_id=study.id,
            context=context_facts(study),
            answer=answer_parts(answer),
            caveats=caveat_sentences(answer),
            change=change_parts(change),
            map_picture=picture(lambda: _map(findings, answer), describe_body(findings, answer)),
            posterior_picture=picture(lambda: plot_posterior(answer), describe_posterior(answer)),
            needle=needle_rows(findings),
            graded_by=graded_by_text(findings.muscles),
            conduction=conduction_parts(findings),
            evidence=evidence_parts(answer),
            evidence_picture=picture(lambda: plot_evidence(_charted(answer)), describe_evidence(answer)),
            muscles=muscle_parts(findings, threads=threads, advance=advance),
            small_print=small_print_parts(findings, answer),
            provenance=provenance_parts(study, findings=findings, answer=answer, identified=identified),
        )


def write_report(
    path: str | Path,
    *,
    study: Study,
    findings: StudyFindings,
    answer: Localization,
    change: StudyChange | None = None,
    identified: bool = False,
    threads: int = 2,
    advance: Callable[[], None] | None = None,
) -> None:
    """Write the report of an examination; a report already there stays whole until the new one is complete.

    Parameters
    ----------
    path : str or Path
        File to write, such as ``"report.html"``; its folder exists.
    study : Study
    findings : StudyFindings
    answer : Localization
    change : StudyChange, optional
        What changed since an examination before this one.
    identified : bool
        Also show the names of files and channels and the times of recording, which may name the patient.
    threads : int
        Processes that share the drawing, on Linux; their number changes nothing in the report.
    advance : callable, optional
        Called after every recording that was drawn, for a progress bar.

    Raises
    ------
    InputFileError
        When the folder does not exist or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.show import examples
    >>> from emgkit.show.report import write_report
    >>> study, findings = examples.study_and_findings()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(Path(folder) / "report.html", study=study, findings=findings, answer=examples.answer())
    ...     print((Path(folder) / "report.html").read_text(encoding="utf-8")[:15])
    <!doctype html>
    """
    target = Path(path)
    if not target.parent.is_dir():
        msg = (
            f"The folder {str(target.parent)!r} does not exist; make it first, or give a path in a folder that exists."
        )
        raise InputFileError(msg)
    page = render_report(
        study=study, findings=findings, answer=answer, change=change,
        identified=identified, threads=threads, advance=advance,
    )  # fmt: skip
    try:
        _replace(target, page)
    except OSError as error:
        msg = f"{str(target)!r} cannot be written ({error.strerror}); give the path of a file that may be written."
        raise InputFileError(msg) from error


def _hiding(study: Study) -> Callable[[Any], Any]:
    # An error met while a file was read may name it, and a file's name the patient: no value printed has one.
    names = {name for one in study.recordings for name in (one.source_file, Path(one.source_file).name) if name}
    longest_first = sorted(names | {readable(name) for name in names}, key=lambda name: (-len(name), name))

    def hide(value: Any) -> Any:
        if type(value) is str:
            for name in longest_first:
                value = value.replace(name, "the file")
        return value

    return hide


def _map(findings: StudyFindings, answer: Localization) -> Figure:
    # Low enough for the first page of print, with text of full size; muscles elsewhere are named below, four in a line.
    drawn = {shape.id for shape in body_shapes()}
    lines = -(-sum(muscle not in drawn for muscle in findings.needle["muscle"]) // 4)
    width, height = _MAP_IN
    below = 0.04 + 0.14 * lines
    axes = make_axes(width, height + below, left_in=0.05, right_in=0.05, top_in=0.02, bottom_in=below)
    return plot_body(findings, answer=answer, ax=axes)


def _charted(answer: Localization) -> Localization:
    # Beside the bars there is room for the usual abbreviations only.
    evidence = moving_evidence(answer)
    short = evidence["finding"].str.replace("fibrillation", "fib").str.replace("positive sharp wave", "PSW")
    return replace(answer, evidence=evidence.assign(finding=short))


def _replace(target: Path, page: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(page)
        # A temporary file is private to its owner; a report has the permissions of any new file.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
