"""Arrays in, arrays out: filter, noise, detect, align, sort, measure. No muscle, no clinical word."""
