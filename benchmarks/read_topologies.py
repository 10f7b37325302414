"""Measures reading: a fleet of 100 documents and a tree of 2,000 Python files, both made up on the spot."""

import json
import sys
import tempfile
import time
from pathlib import Path

from tense.topology.read import read_topology

_DOCUMENTS, _FILES, _PER_FILE = 100, 2000, 5
_CODE = """
@dataclass
class Thing{n}Placed(Event):
    order_id: str
    total: int = 0


def note_{n}(event: Thing{n}Placed, uow):
    lines = [one * 2 for one in range(10) if one % 2]
    if event.total > 5:
        uow.bus.publish(Thing{n}Placed(order_id="x"))
    for line in lines:
        print(line, event.order_id, uow.repository.get(line))
    uow.commit()


bus.register_handler(Thing{n}Placed, note_{n})
"""


def documents(folder: Path) -> None:
    """Write documents of thirty channels each."""
    properties = {f"field{n}": {"type": "string", "description": "A field."} for n in range(12)}
    for number in range(_DOCUMENTS):
        channels, operations = {}, {}
        for n in range(30):
            payload = {"type": "object", "properties": properties}
            channels[f"c{n}"] = {
                "address": f"a{(number + n) % 500}",
                "messages": {f"Thing{n}Placed": {"payload": payload}},
            }
            action = "send" if n % 2 else "receive"
            operations[f"o{n}"] = {"action": action, "channel": {"$ref": f"#/channels/c{n}"}}
        info = {"title": f"service {number}", "version": "1"}
        document = {"asyncapi": "3.0.0", "info": info, "channels": channels, "operations": operations}
        (folder / f"{number}.json").write_text(json.dumps(document, indent=1))


def tree(folder: Path) -> None:
    """Write a tree of forty services."""
    for number in range(_FILES):
        service = folder / f"service{number % 40}"
        service.mkdir(exist_ok=True)
        body = "".join(_CODE.format(n=number * _PER_FILE + n) for n in range(_PER_FILE))
        text = "from dataclasses import dataclass\nfrom base import Event\n" + body
        (service / f"module{number}.py").write_text(text)


def main() -> None:
    """Print seconds and what was read."""
    for name, make in (("documents", documents), ("tree", tree)):
        with tempfile.TemporaryDirectory() as made:
            make(Path(made))
            began = time.perf_counter()
            topology = read_topology([made])
            seconds = time.perf_counter() - began
            print(f"{name}: {seconds:.2f} s, {len(topology.services)} services, {len(topology.messages)} messages")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
