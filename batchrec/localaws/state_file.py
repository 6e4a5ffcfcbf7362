"""The file that keeps an account from one local AWS to the next: a ZIP archive of JSON and content.

Nothing in it is ever executed or unpickled by reading it. What it holds is the business of
batchrec.localaws.saved.
"""

import fcntl
import itertools
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from batchrec.errors import BatchrecError

FORMAT = "state of a local AWS of batchrec"
VERSION = 1

_INDEX = "state.json"

# What reading an archive, or an index of other members than ours, raises.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

Index = dict[str, Any]


class Parts:
    """The contents beside the index: each is written once, and read by the name it was given."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._numbers = itertools.count(1)

    def add(self, content: bytes) -> str:
        """Write a content; return its name."""
        name = f"parts/{next(self._numbers)}"
        self._archive.writestr(name, content)
        return name

    def read(self, name: str) -> bytes:
        """Return the content of that name."""
        return self._archive.read(name)


class StateFile:
    """A file for one local AWS at a time, from opening to closing.

    An empty file, or none, holds no state yet. A file is replaced as a whole, never changed, and
    only its owner may read it.

    Raises:
        BatchrecError: the file can't be used, holds something else, comes from a newer version, is
            damaged, or another local AWS has it open. It is left as it was.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._descriptor = self._locked()
        self.index: Index | None = None
        try:
            if os.fstat(self._descriptor).st_size:
                self.index = self._read_index()
        except BaseException:
            self.close()
            raise

    @property
    def time(self) -> float:
        """The virtual time at which the state was saved; 0 without a state.

        Raises:
            BatchrecError: the state is damaged.
        """
        try:
            return 0.0 if self.index is None else float(self.index["time"])
        except DAMAGE as error:
            raise self._damaged(error) from error

    def load(self, take: Callable[[Index, Parts], None]) -> None:
        """Have the state taken over, if there is one.

        Raises:
            BatchrecError: it is damaged.
        """
        if self.index is None:
            return
        try:
            with zipfile.ZipFile(self.path) as archive:
                take(self.index, Parts(archive))
        except DAMAGE as error:
            raise self._damaged(error) from error

    def save(self, give: Callable[[Parts], Index]) -> None:
        """Write the state anew; it takes the file's place when it is complete.

        Raises:
            BatchrecError: it can't be written; the file is as it was.
        """
        fresh: Path | None = None
        try:
            # Temporary files are their owner's alone (mode 0600).
            with tempfile.NamedTemporaryFile(
                dir=self.path.parent, prefix=f".{self.path.name}-", delete=False
            ) as file:
                fresh = Path(file.name)
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    index = {"format": FORMAT, "version": VERSION} | give(Parts(archive))
                    archive.writestr(_INDEX, json.dumps(index))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            raise BatchrecError(
                f"The state of the local AWS can't be written to {self.path}: {error}"
            ) from error
        finally:
            if fresh is not None:
                fresh.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another local AWS have the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _locked(self) -> int:
        while True:
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise BatchrecError(f"{self.path} can't keep a state: {error}") from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(descriptor), self.path.stat()):
                    return descriptor
            except BlockingIOError as error:
                os.close(descriptor)
                raise BatchrecError(
                    f"Another local AWS uses {self.path}. Stop it first, or name another file."
                ) from error
            except FileNotFoundError:
                pass
            os.close(descriptor)  # another local AWS has just replaced the file

    def _read_index(self) -> Index:
        try:
            with zipfile.ZipFile(self.path) as archive:
                index = json.loads(archive.read(_INDEX))
        except (zipfile.BadZipFile, KeyError) as error:
            raise BatchrecError(
                f"{self.path} is no state that a local AWS saved, or not a whole one ({error})."
                " Name another file; this one is left as it is."
            ) from error
        except DAMAGE as error:
            raise self._damaged(error) from error
        if not isinstance(index, dict) or index.get("format") != FORMAT:
            raise BatchrecError(
                f"{self.path} is no state that a local AWS saved."
                " Name another file; this one is left as it is."
            )
        if index.get("version") != VERSION:
            raise BatchrecError(
                f"{self.path} has version {index.get('version')} of the format, and this batchrec"
                f" knows {VERSION}. Use the batchrec that saved it, or name another file."
            )
        return index

    def _damaged(self, error: Exception) -> BatchrecError:
        return BatchrecError(
            f"{self.path} is damaged: {error!r}. Name another file; this one is left as it is."
        )
