"""What is known about a simulated study, beside it as ``truth.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from emgkit.files.atomic import atomic_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def write_truth(folder: str | Path, *, site: str, side: str, seed: int, events: Sequence[pd.DataFrame]) -> None:
    """Write the lesion and every discharge of a simulated study to ``truth.json`` in its folder.

    Parameters
    ----------
    folder : path
        The study folder.
    site, side : str
    seed : int
        The study is made again from it.
    events : sequence of pandas.DataFrame
        One table a recording, in the study's order: ``time_s, unit, label``.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from emgkit.files.truth import write_truth
    >>> events = pd.DataFrame({"time_s": [0.5, 0.6], "unit": 0, "label": "fibrillation"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_truth(folder, site="root_S1", side="left", seed=1, events=[events])
    ...     json.loads((Path(folder) / "truth.json").read_text())["recordings"]
    [{'units': {'0': 'fibrillation'}, 'times_s': {'0': [0.5, 0.6]}}]
    """
    recordings = [
        {
            "units": {str(unit): group["label"].iloc[0] for unit, group in table.groupby("unit")},
            "times_s": {str(unit): group["time_s"].round(6).tolist() for unit, group in table.groupby("unit")},
        }
        for table in events
    ]
    document = {"site": site, "side": side, "seed": seed, "recordings": recordings}
    with atomic_file(Path(folder) / "truth.json") as partial:
        partial.write_text(json.dumps(document) + "\n", encoding="utf-8", newline="\n")
