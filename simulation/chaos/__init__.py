"""Real processes on one sandbox, killed at random: is every track there once, whole and free?

`python -m simulation.chaos --processes 4 --tracks 200 --kill` prints what it counted and fails if
anything is doubled, lost or left locked. The stand-ins are judged from what they were sent, each
process by a port of its own (witness).
"""
