"""Options of an adapter, which come as texts."""

from __future__ import annotations

import os
from typing import Mapping

from neurojoule.protocol import Failure


class Options:
    """The options of one `load`; every one that is not known is refused."""

    def __init__(self, said: Mapping[str, str], *known: str) -> None:
        for name in said:
            if name not in known:
                raise Failure("INVALID_INPUT", f"there is no option '{name}'; there are {', '.join(known)}")
        self._said = said

    def text(self, name: str, otherwise: str, *allowed: str) -> str:
        value = str(self._said.get(name, otherwise))
        if allowed and value not in allowed:
            raise Failure("INVALID_INPUT", f"{name} is one of {', '.join(allowed)}: {value}")
        return value

    def artefact(self, model: str) -> str:
        """The artefact to load: the option `file`, else the experiment's for this precision."""
        path = str(self._said.get("file", model))
        if not path:
            raise Failure("INVALID_INPUT", "no artefact: name its file in the experiment or with the option 'file'")
        return path

    def number(self, name: str, otherwise: int, least: int = 1) -> int:
        value = self._said.get(name, otherwise)
        try:
            number = int(value)
        except ValueError:
            raise Failure("INVALID_INPUT", f"{name} must be a whole number: {value}") from None
        if number < least:
            raise Failure("INVALID_INPUT", f"{name} must be at least {least}: {number}")
        return number


def processors() -> int:
    """How many processors this process may use: the number of threads where none is said."""
    return len(os.sched_getaffinity(0))
