"""Write whole or not at all, into a temporary neighbour that takes the name at the end; say what the system refuses."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from emgkit.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path that replaces ``path`` when the block ends well, and vanishes when it does not.

    Raises
    ------
    InputFileError
        When the folder is missing, ``path`` is a folder, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.atomic import atomic_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(Path(folder) / "note.txt") as temporary:
    ...         _ = temporary.write_text("all of it")
    ...     [file.name for file in Path(folder).iterdir()]
    ['note.txt']
    """
    target = Path(path)
    if target.is_dir():
        msg = f"{target} is a folder; give the name of a file to write."
        raise InputFileError(msg)
    if not target.parent.is_dir():
        msg = f"The folder {target.parent} does not exist; make it first or write {target.name} elsewhere."
        raise InputFileError(msg)
    temporary = _neighbour(target)
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise InputFileError(_cannot_write(target, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path, *, replaces: Collection[str] = ()) -> Iterator[Path]:
    """Give a temporary folder that becomes ``path`` when the block ends well, and vanishes when it does not.

    Parameters
    ----------
    path : path
    replaces : collection of str
        Endings of file names: a folder that holds nothing but such files was made by us and may be replaced.

    Raises
    ------
    InputFileError
        When ``path`` is a file or a folder that holds something else, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.atomic import atomic_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_folder(Path(folder) / "study") as temporary:
    ...         _ = (temporary / "note.txt").write_text("all of it")
    ...     [file.name for file in (Path(folder) / "study").iterdir()]
    ['note.txt']
    """
    target = Path(path)
    refuse_foreign(target, replaces=replaces)
    temporary, old = _neighbour(target), _neighbour(target)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.is_dir():
            target.replace(old)
        temporary.replace(target)
    except OSError as error:
        if old.is_dir() and not target.exists():
            old.replace(target)
        raise InputFileError(_cannot_write(target, error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def refuse_foreign(target: Path, *, replaces: Collection[str] = ()) -> None:
    """Refuse a folder that holds files which are not ours to replace.

    Raises
    ------
    InputFileError
        When ``target`` is a file, or a folder that holds a file with none of the endings.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.errors import InputFileError
    >>> from emgkit.files.atomic import refuse_foreign
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "thesis.txt").touch()
    ...     refuse_foreign(Path(folder), replaces=[".txt"])
    ...     try:
    ...         refuse_foreign(Path(folder))
    ...     except InputFileError as error:
    ...         print(str(error).partition("; ")[2])
    nothing is overwritten: remove it or choose another name. It holds thesis.txt.
    """
    if target.exists() and not target.is_dir():
        msg = f"{target} is a file; give the name of a folder to write."
        raise InputFileError(msg)
    held = [each for each in target.rglob("*") if not each.is_dir()] if target.is_dir() else []
    if foreign := [each for each in held if not each.name.endswith(tuple(replaces))]:
        msg = (
            f"The folder {target} already holds files; nothing is overwritten: remove it or choose another name. It "
            f"holds {foreign[0].name}."
        )
        raise InputFileError(msg)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses while a file is read into a clear error.

    Raises
    ------
    InputFileError
        When the file or folder may not be opened, or the device fails.

    Examples
    --------
    >>> from pathlib import Path
    >>> from emgkit.errors import InputFileError
    >>> from emgkit.files.atomic import reading
    >>> path = Path("no such folder") / "needle.csv"
    >>> try:
    ...     with reading(path):
    ...         path.read_text()
    ... except InputFileError as error:
    ...     print(error)
    no such folder...needle.csv cannot be read: No such file or directory; check its name and that you may open it.
    """
    try:
        yield
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}; check its name and that you may open it."
        raise InputFileError(msg) from error


def _neighbour(target: Path) -> Path:
    return target.parent / f".{target.name}.{uuid4().hex[:12]}.part"


def _cannot_write(target: Path, error: OSError) -> str:
    return f"{target} cannot be written: {error.strerror or error}; free the place or choose another one."
