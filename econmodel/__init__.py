"""Scale, scope and relationship in the cost of services.

>>> import econmodel as em
>>> schools = em.load("california_schools")
>>> fit = em.fit(schools, form="translog")
>>> separation = em.separate(fit, replications=19)

`econmodel/__init__.pyi` lists every name with its room, for the reader, the type checker and this file, which fetches
each when it is first used: `import econmodel` loads nothing.
"""

import lazy_loader

from econmodel.version import __version__ as __version__

_fetch, _names, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name in __all__:
        return _fetch(name)
    if name.startswith("_"):
        raise AttributeError(name)
    from difflib import get_close_matches

    rooms = ("arrangements", "charts", "estimators", "forms", "outputs", "relationships", "tables", "worlds")
    known = [(each, each) for each in __all__]
    known += [(each, f"{room}.{each}") for room in rooms for each in _fetch(room).__all__]
    nearest = get_close_matches(name, {each for each, _ in known}, n=3)
    near = sorted((path for each, path in known if each in nearest), key=lambda path: path.split(".")[-1] != name)
    meant = f"Did you mean {' or '.join(near)}?" if near else f"It has: {', '.join(__all__)}."
    raise AttributeError(f"econmodel has no {name!r}. {meant}")


def __dir__() -> list[str]:
    return sorted(["__doc__", "__version__", *_names()])
