"""BullMQ for Python, with CONCURRENCY jobs at a time; finished jobs are removed, as ours are."""

import asyncio

from bullmq import Queue, Worker

import peer

options = {"connection": peer.redis_url()}
job_options = {"removeOnComplete": True}
# {"payload":"..."} around the text
FRAME = 14


async def push():
    queue = Queue("noop", options)

    async def push_many(texts):
        await queue.addBulk([{"name": "noop", "data": {"payload": text}, "opts": job_options} for text in texts])

    def push_later(text, seconds):
        return queue.add("noop", {"payload": text}, {**job_options, "delay": int(seconds * 1_000)})

    await peer.main_async(
        push_many, lambda text: queue.add("noop", {"payload": text}, job_options), push_later, FRAME)
    await queue.close()


async def work(record, concurrency):
    async def noop(job, _token):
        record.add(job.data["payload"])

    worker = Worker("noop", noop, {**options, "concurrency": concurrency})
    await asyncio.Event().wait()
    await worker.close()


if arguments := peer.work_arguments():
    asyncio.run(work(*arguments))
else:
    asyncio.run(push())
