"""What the workspace holds: records, their journal on disk, and the version that queries see."""
