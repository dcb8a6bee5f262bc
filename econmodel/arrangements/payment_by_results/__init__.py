"""Payment by results: the tariff, effort and parking, the supply chain, and its cash."""
