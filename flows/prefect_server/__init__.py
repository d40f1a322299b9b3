"""Prefect's server: which one, our own, its limits and objects."""
