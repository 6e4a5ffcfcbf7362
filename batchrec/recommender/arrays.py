"""Dense scores, a block of rows at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

# One block of float32 scores: 32 MiB, about 1,100 users of MovieLens at a time.
_BLOCK_CELLS = 2**23

# BLAS' thread count belongs to the process: two trainings at once would change it for each other.
_blas_lock = threading.Lock()


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Divide the rows of a table of scores into blocks that fit into memory."""
    size = max(1, _BLOCK_CELLS // columns)
    for start in range(0, rows, size):
        yield slice(start, start + size)


def largest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Give the columns of the `count` largest values of each row, largest first, ties by column."""
    count = min(count, values.shape[1])
    columns = np.sort(np.argpartition(-values, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(values, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread: implicit warns without it, and sums would depend on the machine."""
    with _blas_lock, threadpool_limits(1, "blas"):
        yield
