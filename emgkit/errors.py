"""Everything emgkit refuses, as one family.

::

    EmgkitError (ValueError)
    ├── InputFileError         a file is missing, unreadable or not what its name says
    │   ├── UnitError          a file does not say in which unit its samples are
    │   └── TableError         a table has a wrong column, value or row; names file, line and column
    ├── SignalError            samples that cannot be analysed: none, NaN, flat, clipped, sampled too slowly
    ├── UnknownNameError       a muscle, site, study or label that no table knows; offers the nearest
    └── StudyError             parts of an examination that contradict each other

Every message has three parts: the value that was met, what was required, and a way out.
"""


class EmgkitError(ValueError):
    """Base of all errors that emgkit raises on purpose.

    Examples
    --------
    >>> from emgkit.errors import EmgkitError, SignalError
    >>> issubclass(SignalError, EmgkitError)
    True
    """


class InputFileError(EmgkitError):
    """A file is missing, unreadable, or not what its name says."""


class UnitError(InputFileError):
    """A file does not say in which unit its samples are."""


class TableError(InputFileError):
    """A table has a wrong column, value or row."""


class SignalError(EmgkitError):
    """Samples that cannot be analysed."""


class UnknownNameError(EmgkitError):
    """A name that no knowledge table has; the message offers the nearest."""


class StudyError(EmgkitError):
    """Parts of an examination that contradict each other."""
