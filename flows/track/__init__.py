"""One track: its work, its delivery, its sound."""
