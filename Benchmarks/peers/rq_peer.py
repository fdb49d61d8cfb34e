"""RQ. SimpleWorker, which runs jobs in its own process: six times as fast as the default one by RQ's own benchmark."""

import sys
from datetime import timedelta

from redis import Redis
from rq import Queue, SimpleWorker

import peer

# Jobs name their function by module, and the worker imports that module: it must find this one, not a second copy.
sys.modules["rq_peer"] = sys.modules["__main__"]

redis = Redis.from_url(peer.redis_url())
queue = Queue("noop", connection=redis)
record = None
options = {"result_ttl": 0}


def noop(text):
    record.add(text)


def push_many(texts):
    jobs = [Queue.prepare_data("rq_peer.noop", args=(text,), **options) for text in texts]
    with redis.pipeline() as pipeline:
        queue.enqueue_many(jobs, pipeline=pipeline)
        pipeline.execute()


def push_later(text, seconds):
    queue.enqueue_in(timedelta(seconds=seconds), "rq_peer.noop", text, **options)


def work(filled, _concurrency):
    global record
    record = filled
    SimpleWorker([queue], connection=redis, log_job_description=False).work(
        logging_level="ERROR", with_scheduler=True)


peer.main(push_many, lambda text: queue.enqueue("rq_peer.noop", text, **options), push_later, work)
