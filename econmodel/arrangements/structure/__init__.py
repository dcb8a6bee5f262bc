"""The structure of provision: how many providers, and what each of them does."""
