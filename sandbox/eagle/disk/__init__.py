"""The library on disk: its files, folders, ids and names."""
