"""Tracks and lists of SoundCloud into Notion: added once, or followed."""
