"""Which loose files a loose manifest speaks for, and what loose files are called together. Pure."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping, Sequence

from daemon.manifest import beside
from daemon.model import Manifest, Seen
from daemon.watch.members import archive_stem
from daemon.watch.temporary import final_name

_WILD = re.compile(r"[*?\[]")


class Claims:
    """The loose files of one place, divided between its manifests.

    owned: manifest -> the files that it belongs to by its name, or that its roles or its list name, and what has the
    stem of one of these; of two manifests that want a file the first by name gets it. rest: all other files.
    """

    def __init__(self, files: Sequence[Seen], manifests: Mapping[Seen, Manifest]) -> None:
        """Divide the files; the manifests are among them."""
        self._free = {seen.path.rpartition("/")[2]: seen for seen in files if not manifests or seen not in manifests}
        self.owned: dict[Seen, list[Seen]] = {}
        if manifests:
            self._index()
            for sidecar, manifest in manifests.items():
                self.owned[sidecar] = self._claimed(sidecar, manifest)
        self.rest = list(self._free.values())

    def _index(self) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for name in self._free:
            self._by_name.setdefault(final_name(name), []).append(name)
            self._by_stem.setdefault(archive_stem(name) or final_stem(name), []).append(name)

    def _claimed(self, sidecar: Seen, manifest: Manifest) -> list[Seen]:
        base = beside(sidecar.path.rpartition("/")[2])
        wanted = [*self._by_name.get(base, ()), *self._by_stem.get(base, ())] if base else []
        for path in (*(glob for globs in manifest.roles.values() for glob in globs), *(f.path for f in manifest.files)):
            wanted += self._by_name.get(path, ())
            if _WILD.search(path):
                wanted += fnmatch.filter(self._free, path)
        stems = {archive_stem(name) or final_stem(name) for name in wanted if name in self._free}
        wanted += (name for stem in stems for name in self._by_stem[stem])
        return [self._free.pop(name) for name in dict.fromkeys(wanted) if name in self._free]


def final_stem(path: str) -> str:
    """The name that a file will have when its transfer is over, without its suffix."""
    return os.path.splitext(final_name(path.rpartition("/")[2]))[0]  # noqa: PTH122 - text, and often


def name_of(files: Sequence[Seen]) -> str:
    """What loose files are called together: the one stem, ``a__b`` for two, ``a__and_9_more`` for many."""
    stems = sorted({final_stem(seen.path) for seen in files})
    return "__".join(stems) if len(stems) <= 2 else f"{stems[0]}__and_{len(stems) - 1}_more"  # noqa: PLR2004
