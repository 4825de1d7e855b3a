"""What the tests share: the deployed parts, the functions, people and bills to try."""
