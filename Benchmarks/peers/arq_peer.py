"""arq, with CONCURRENCY jobs at a time and no results kept. Deliveries by one `aiohttp` session."""

import asyncio
import logging

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker

import peer

settings = RedisSettings.from_dsn(peer.redis_url())
record = None


async def noop(context, text):
    if peer.DELIVER_URL:
        body, headers = peer.signed(text)
        async with context["session"].post(peer.DELIVER_URL, data=body, headers=headers) as response:
            response.raise_for_status()
            await response.read()
    record.add(text)


async def startup(context):
    if peer.DELIVER_URL:
        import aiohttp

        context["session"] = aiohttp.ClientSession()


async def push():
    redis = await create_pool(settings)

    # It has no call for many, so many calls are under way at once.
    async def push_many(texts):
        for first in range(0, len(texts), 50):
            await asyncio.gather(*(redis.enqueue_job("noop", text) for text in texts[first:first + 50]))

    await peer.main_async(
        push_many, lambda text: redis.enqueue_job("noop", text),
        lambda text, seconds: redis.enqueue_job("noop", text, _defer_by=seconds))


if work := peer.work_arguments():
    logging.disable(logging.WARNING)
    record, concurrency = work
    Worker(
        [noop], redis_settings=settings, max_jobs=concurrency, keep_result=0, log_results=False, on_startup=startup,
    ).run()
else:
    asyncio.run(push())
