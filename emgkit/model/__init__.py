"""What things are: frozen records and table schemas. No algorithm, no file, no plot."""
