"""streaQ, with CONCURRENCY tasks at a time, as many again prefetched, and no results kept."""

import asyncio
import logging

from streaq import Worker

import peer

logging.disable(logging.WARNING)
arguments = peer.work_arguments()
record, concurrency = arguments or (None, 16)
worker = Worker(redis_url=peer.redis_url(), concurrency=concurrency, queue_name="noop")


@worker.task(ttl=0, silent=True)
async def noop(text: str) -> None:
    record.add(text)


async def push():
    async with worker:
        async def push_many(texts):
            await worker.enqueue_many([noop.enqueue(text) for text in texts])

        async def push_alone(text):
            await noop.enqueue(text)

        async def push_later(text, seconds):
            await noop.enqueue(text).start(delay=seconds)

        await peer.main_async(push_many, push_alone, push_later)


if arguments:
    worker.run_sync()
else:
    asyncio.run(push())
