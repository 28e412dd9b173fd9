"""What is kept encrypted beside the ledger: identity numbers, held posts, the texts of cases."""
