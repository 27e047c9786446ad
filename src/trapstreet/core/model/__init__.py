"""The types that every part shares: cells, tables, identifiers, errors, protected values."""
