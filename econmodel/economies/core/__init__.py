"""What every measure is made of: terms and their verdicts, places and their support, intervals, fixed costs, paths."""
