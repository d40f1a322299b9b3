"""The library's playlists as other programs read them: M3U8 for players, XML for rekordbox."""
