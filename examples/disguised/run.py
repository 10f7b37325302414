"""Five faults in one small shop: it runs, its tests would pass, and `tense check` has something to say.

python examples/disguised/run.py
tense check examples/disguised
"""

from importlib import import_module

from customers.handlers import move
from orders.handlers import cancel, place
from shared.bus import bus
from support.handlers import close_case


def main() -> None:
    for service in ("payments", "stock", "warehouse", "shipping", "courier", "mailing"):
        import_module(f"{service}.handlers")
    place("o-1", 100)
    move("c-1")
    cancel("o-1")
    close_case("o-2")
    print(" ".join(bus.said))


if __name__ == "__main__":
    main()
