"""Spontaneous activity at rest: find, sort, name and grade it."""
