"""Nerve conduction: from measured values to a result for each nerve."""
