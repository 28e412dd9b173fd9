"""Tools for operators: bringing a store up to date, verifying it against its ledger, filling it for trials."""
