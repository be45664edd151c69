"""Every test of storage runs on SQLite and, where there is one, on PostgreSQL."""

from tests.databases import database_url, db, new_database

__all__ = ["database_url", "db", "new_database"]
