"""Content rules: the operator's, in force now, and each group's own words."""
