"""A disk without room, for this process: no file can grow beyond the size that one of them has now."""

import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def full_disk(file: Path) -> Generator[None]:
    """While within, whatever would make a file of this process longer than `file` is now fails at its write.

    Needs no privileges: it is the process's own limit on the size of files. POSIX only.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size if file.exists() else 0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
