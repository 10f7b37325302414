"""Which driver for the engine: claim in batches, then one row and the mark in a transaction each, over 16 connections.

`python benchmarks/postgres_drivers.py postgresql://...` in a database that may lose its tables `bench_queue` and
`bench_rows`; needs asyncpg and psycopg. The runs alternate, so that other load on the machine falls on both.
"""

import asyncio
import sys
import time

import asyncpg
import psycopg

COUNT, BATCH, WIDTH, ROUNDS = 6000, 64, 16, 3

TABLES = """
DROP TABLE IF EXISTS bench_queue, bench_rows;
CREATE TABLE bench_queue (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state int NOT NULL DEFAULT 0,
                          attempts int NOT NULL DEFAULT 0, body bytea NOT NULL);
CREATE TABLE bench_rows (n bigint)
"""
FILL = f"INSERT INTO bench_queue (body) SELECT repeat('x', 200)::bytea FROM generate_series(1, {COUNT})"
CLAIM = f"""
UPDATE bench_queue SET attempts = attempts + 1 WHERE seq IN (
    SELECT seq FROM bench_queue WHERE state = 0 AND attempts = 0 ORDER BY seq LIMIT {BATCH} FOR UPDATE SKIP LOCKED
) RETURNING seq, body
"""


async def with_asyncpg(dsn):
    claims = await asyncpg.connect(dsn)
    free = asyncio.Queue()
    for _ in range(WIDTH):
        free.put_nowait(await asyncpg.connect(dsn))

    async def handle(seq):
        connection = await free.get()
        await connection.execute("BEGIN")
        await connection.fetch("INSERT INTO bench_rows VALUES ($1)", seq)
        await connection.fetch("UPDATE bench_queue SET state = 3 WHERE seq = $1", seq)
        await connection.execute("COMMIT")
        free.put_nowait(connection)

    async def claim():
        return await claims.fetch(CLAIM)

    took = await drained(claim, handle)
    for connection in [claims, *(free.get_nowait() for _ in range(WIDTH))]:
        await connection.close()
    return took


async def with_psycopg(dsn):
    claims = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
    free = asyncio.Queue()
    for _ in range(WIDTH):
        free.put_nowait(await psycopg.AsyncConnection.connect(dsn))

    async def handle(seq):
        connection = await free.get()
        await connection.execute("INSERT INTO bench_rows VALUES (%s)", (seq,), prepare=True)
        await connection.execute("UPDATE bench_queue SET state = 3 WHERE seq = %s", (seq,), prepare=True)
        await connection.commit()
        free.put_nowait(connection)

    async def claim():
        return await (await claims.execute(CLAIM)).fetchall()

    took = await drained(claim, handle)
    for connection in [claims, *(free.get_nowait() for _ in range(WIDTH))]:
        await connection.close()
    return took


async def drained(claim, handle):
    began, done = time.perf_counter(), 0
    while done < COUNT:
        rows = await claim()
        await asyncio.gather(*(handle(row[0]) for row in rows))
        done += len(rows)
    return time.perf_counter() - began


async def main(dsn):
    maker = await asyncpg.connect(dsn)
    for _ in range(ROUNDS):
        for name, run in (("asyncpg", with_asyncpg), ("psycopg", with_psycopg)):
            await maker.execute(TABLES)
            await maker.execute(FILL)
            print(f"{name:8} {COUNT / await run(dsn):7,.0f} handled/s")
    await maker.execute("DROP TABLE bench_queue, bench_rows")
    await maker.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
