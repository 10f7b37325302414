"""What the command line may be pointed at: apps (`module:app`), files and folders."""

import re
from collections.abc import Sequence
from pathlib import Path

from tense.errors import TenseError
from tense.rules.meaning.graph import Place, Problem, Topology
from tense.topology.merge import merged
from tense.topology.read import read_topology
from tense.topology.reader import Step, no_step

_APP = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def topology_of(targets: Sequence[str], *, tests: bool = False, step: Step = no_step) -> Topology:
    """Read apps, files and folders into one topology. Only an app is imported, because it is asked for by name."""
    apps = [one for one in targets if _APP.fullmatch(one) and not Path(one).exists()]
    others = [one for one in targets if one not in apps]
    if not apps:
        return read_topology(others, tests=tests, step=step)
    parts = [_app(one) for one in apps]
    return merged([*parts, read_topology(others, tests=tests, step=step)] if others else parts)


def _app(target: str) -> Topology:
    from tense.runtime.load import load_app
    from tense.topology.readers.app import app_topology

    try:
        return app_topology(load_app(target).registry, source=target)
    except TenseError as error:
        return _refused(target, str(error))
    except Exception as error:  # noqa: BLE001 - the app is the user's own code, and may fail in any way
        return _refused(target, f"cannot be imported: {type(error).__name__}: {error}")


def _refused(target: str, text: str) -> Topology:
    line = " ".join(text.removeprefix(f"{target}: ").split())[:400]
    return Topology(sources=(target,), problems=(Problem(text=line, place=Place(file=target), fatal=True),))
