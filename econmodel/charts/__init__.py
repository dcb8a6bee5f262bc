"""Pictures of results: one theme, every chart described, nothing loaded before the first chart.

The charts are listed in the stub beside this file, once. No file is named like its chart.
"""

import lazy_loader

from econmodel.errors import needs

_chart, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"econmodel.charts has no {name!r}; it has: {', '.join(__all__)}")
    needs("charts")
    return _chart(name)
