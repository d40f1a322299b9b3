"""Properties: their configuration, their values, and what becomes of values when it changes."""
