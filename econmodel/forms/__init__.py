"""What cost can look like: cost, its slopes and its parameter derivatives, in closed form."""
