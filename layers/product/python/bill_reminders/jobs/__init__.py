"""What outlives a request: writing an export, finishing an erasure."""
