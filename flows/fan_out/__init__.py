"""Many tracks at once, here and on other machines."""
