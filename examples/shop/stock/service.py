"""Stock: how many of each article there are."""

from examples.shop.stock.contract import ReplenishStock, ReserveStock, SoldOut, StockReplenished, StockReserved, stock
from tense import Publish, Service, Transaction

service = Service(stock)

TABLE = "CREATE TABLE IF NOT EXISTS shelf (sku TEXT PRIMARY KEY, count INTEGER NOT NULL)"


@service.handles(ReplenishStock)
async def replenish_stock(command: ReplenishStock, db: Transaction, publish: Publish[StockReplenished]) -> int:
    """Add to what is there."""
    await db.execute(TABLE)
    count: int = await db.fetch_value(
        "INSERT INTO shelf VALUES (:sku, :count) "
        "ON CONFLICT (sku) DO UPDATE SET count = shelf.count + excluded.count RETURNING count",
        sku=command.sku,
        count=command.count,
    )
    publish(StockReplenished(sku=command.sku, count=command.count))
    return count


@service.handles(ReserveStock)
async def reserve_stock(command: ReserveStock, db: Transaction, publish: Publish[StockReserved]) -> None:
    """Take each piece off its shelf. The raise puts back what was taken before it."""
    await db.execute(TABLE)
    for piece in command.pieces:
        taken = await db.execute(
            "UPDATE shelf SET count = count - :count WHERE sku = :sku AND count >= :count",
            sku=piece.sku,
            count=piece.count,
        )
        if not taken:
            raise SoldOut(sku=piece.sku)
    publish(StockReserved(order_id=command.order_id, pieces=command.pieces))
