"""Pure code: types, fields, mathematics. No input or output, nothing from above."""
