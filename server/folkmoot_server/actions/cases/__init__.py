"""Reports and appeals: opened, decided, and what follows from the outcome."""
