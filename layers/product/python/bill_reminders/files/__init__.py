"""People and bills from CSV files."""
