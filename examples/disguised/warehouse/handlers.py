from shared.bus import bus
from stock.messages import ReserveGoods


def reserve_pallet(command: ReserveGoods) -> None: ...


bus.subscribe(ReserveGoods, reserve_pallet)
