"""One file a concern: the routes, and what each of them does."""
