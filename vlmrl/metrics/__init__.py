"""What the numbers of an evaluation are worth: intervals over episodes, rank agreement, and the table of both."""
