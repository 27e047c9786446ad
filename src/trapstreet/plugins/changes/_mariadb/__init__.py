"""How rights on MariaDB are changed, and past uses asked for again on an empty clone."""
