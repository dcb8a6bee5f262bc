"""How the parameters are found, and how well they are known."""
