"""What is in memory: groups, accounts, recent entries, the commit queue, presence, limits."""
