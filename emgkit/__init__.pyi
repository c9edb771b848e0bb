from .errors import EmgkitError as EmgkitError
from .findings.spontaneous.activity import find_spontaneous_activity as find_spontaneous_activity
from .findings.spontaneous.grade import grade_muscle as grade_muscle
from .model.recording import Recording as Recording
from .model.study import Study as Study
from .simulate.recording import simulate_recording as simulate_recording
