"""This machine's disk: journals, files that are whole or not there, volumes and their space."""
