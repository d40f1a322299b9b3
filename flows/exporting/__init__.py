"""Playlists and the library as files for players and for rekordbox."""
