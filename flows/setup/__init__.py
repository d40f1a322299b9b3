"""The way to a first sync."""
