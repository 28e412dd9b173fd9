"""What is done, whoever asks for it: requests, slash commands, administration, jobs and pages call these."""
