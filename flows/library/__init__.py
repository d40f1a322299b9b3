"""What is put into the library and what it holds."""
