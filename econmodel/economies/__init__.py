"""What the parameters mean: scale, scope, relationship, and what the data cannot tell apart."""
