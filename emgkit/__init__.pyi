from .errors import EmgkitError as EmgkitError
from .model.recording import Recording as Recording
from .model.study import Study as Study
