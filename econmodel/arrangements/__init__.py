"""Ways to arrange services: mergers, partnerships, payment by results, supply chains, structures, coproduction."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
