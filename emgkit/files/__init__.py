"""The outside world: one format a file; bytes to records and back."""
