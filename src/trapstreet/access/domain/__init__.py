"""Pure parts of the access maps."""
