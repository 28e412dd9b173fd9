"""What every floor may use, and what knows none of them: time, languages, logs, figures, rates, codes."""
