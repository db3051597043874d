"""Django's backend for PostgreSQL, which refuses numbers that their column cannot keep."""
