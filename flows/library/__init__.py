"""What the library holds."""
