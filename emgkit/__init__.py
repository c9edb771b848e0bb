"""emgkit: from needle EMG and nerve conduction studies to where the lesion is, with the evidence."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
