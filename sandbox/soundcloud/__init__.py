"""SoundCloud's stand-in."""

from sandbox.soundcloud.server import SoundCloudStandIn

__all__ = ["SoundCloudStandIn"]
