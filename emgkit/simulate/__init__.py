"""Recordings and studies with known truth, from muscle-fibre physics. Shares no code with what it judges."""
