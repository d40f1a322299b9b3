"""A deterministic simulation of the lock: the real code of tasks/locks on virtual time.

`python -m simulation.lock --help` runs it; docs/lock.md tells what it means.
"""
