"""To the eye and ear: plots, words, report. Computes nothing new."""
