"""Families of plugins: one folder per family, one file per kind, registered by its presence there."""
