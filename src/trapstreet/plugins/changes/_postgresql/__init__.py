"""How rights on PostgreSQL are changed, and past uses asked for again by EXPLAIN."""
