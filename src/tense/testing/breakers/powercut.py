"""PowerCut: a power cut for one program. Only what it synced survives.

A kill alone proves nothing about durability, for the system still writes what a dead process left. Here a small library,
compiled when it is first needed, stands between the program and `fsync`: after each sync the file is copied to a folder
of images. A cut is a SIGKILL; whoever looks afterwards opens the images and nothing else.

It sees every program that calls the C library's fsync or fdatasync. Linux, with a C compiler.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tense.errors import NotSupportedError

SOURCE = Path(__file__).with_name("powercut.c")


def compiled(folder: Path) -> Path:
    """The library, compiled in this folder; once is enough.

    Raises:
        NotSupportedError: there is no C compiler.
    """
    library = folder / "tense-powercut.so"
    if library.exists():
        return library
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        text = "a power cut needs a C compiler (cc, gcc or clang), and none is on the path"
        raise NotSupportedError(text)
    subprocess.run(  # noqa: S603 - the system's compiler, our source
        [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"], check=True
    )
    return library


class PowerCut:
    """Programs that work in one folder and may lose their power.

    `folder` is where they keep their files; `images` is where what survives is found after `cut`.
    """

    def __init__(self, folder: Path, images: Path, library: Path) -> None:
        self.folder = folder
        self.images = images
        self._library = library
        self._running: list[subprocess.Popen[bytes]] = []
        images.mkdir(exist_ok=True)

    def start(self, command: Sequence[str], *, fail: int | None = None) -> "subprocess.Popen[bytes]":
        """Start a program, its standard output a pipe. With `fail` its n-th sync fails with EIO."""
        process = subprocess.Popen(command, env=self._environment(fail), stdout=subprocess.PIPE)  # noqa: S603 - the caller's program
        self._running.append(process)
        return process

    def cut(self) -> None:
        """Cut the power of everything started here. Afterwards the folder holds what was synced, and nothing else."""
        for process in self._running:
            process.kill()
            process.wait()
        self._running.clear()
        for file in list(self.folder.iterdir()):
            file.unlink()
        for file in self.images.iterdir():
            if file.suffix != ".part":
                shutil.copy(file, self.folder / file.name)

    def keep(self) -> None:
        """Take what is in the folder now as synced, as it is after a clean start of the machine."""
        for file in self.images.iterdir():
            file.unlink()
        for file in self.folder.iterdir():
            shutil.copy(file, self.images / file.name)

    def _environment(self, fail: int | None) -> Mapping[str, str]:
        more = {"TENSE_CUT_FAIL": str(fail)} if fail is not None else {}
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "TENSE_CUT_FROM": f"{self.folder.resolve()}/",
            "TENSE_CUT_TO": str(self.images.resolve()),
            **more,
        }
