"""A run's connections and its state."""
