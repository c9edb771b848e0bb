"""From findings to probabilities over lesion sites."""
