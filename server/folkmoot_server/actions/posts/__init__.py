"""Posts on their way to the journal, and reading them again."""
