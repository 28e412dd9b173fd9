"""Tools for operators: verifying a store against its ledger, backing it up, filling it for trials."""
