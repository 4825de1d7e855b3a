"""What is stored in DynamoDB, and the transactions that change it."""
