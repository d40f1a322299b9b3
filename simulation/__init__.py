"""Played rather than measured: the lock on virtual time, and real processes that are killed."""
