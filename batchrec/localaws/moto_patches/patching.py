"""How moto is patched, so that patching it again finds the same places."""

import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from moto.stepfunctions.parser import models as _parser_models  # noqa: F401 (loads the interpreter)

_INTERPRETER = "moto.stepfunctions.parser."

# What stood in a module or class before it was first patched.
_originals: dict[tuple[str, str], object] = {}


def original(name: str) -> object:
    """Return the module of the standard library, or the class of threading, of that name."""
    return getattr(threading, name) if name in {"Thread", "Event"} else sys.modules[name]


def replace(name: str, original: object, replacement: object) -> None:
    """Replace the global `name` wherever the interpreter imported `original` under it."""
    for module in list(_interpreter_modules()):
        if getattr(module, name, None) is original:
            _originals.setdefault((module.__name__, name), original)
        if (module.__name__, name) in _originals:
            setattr(module, name, replacement)


def patch(owner: type, name: str, method: Callable[..., Any]) -> None:
    """Put `method` in the place of a class's method."""
    setattr(owner, name, method)


def remember(owner: type, name: str) -> Callable[..., Any]:
    """Return a class's method as it was before anything was patched."""
    value = _originals.setdefault((owner.__qualname__, name), getattr(owner, name))
    assert callable(value)  # noqa: S101
    return value


def _interpreter_modules() -> Iterator[ModuleType]:
    return (module for name, module in sys.modules.items() if name.startswith(_INTERPRETER))
