"""Steps from one schema of the ledger's database to the next, run by `database.migrate`."""
