"""What follows for how services are run: mergers, partnerships, supply chains, payment by results, co-production."""
