"""Dramatiq, with its Redis broker, in one process with CONCURRENCY threads."""

import logging
import threading

import dramatiq
from dramatiq.brokers.redis import RedisBroker

import peer

logging.getLogger("dramatiq").setLevel(logging.ERROR)
broker = RedisBroker(url=peer.redis_url())
dramatiq.set_broker(broker)
record = None


@dramatiq.actor(queue_name="noop")
def noop(text):
    record.add(text)


def push_many(texts):
    for text in texts:
        noop.send(text)


def work(filled, concurrency):
    global record
    record = filled
    dramatiq.Worker(broker, worker_threads=concurrency).start()
    threading.Event().wait()


def push_later(text, seconds):
    noop.send_with_options(args=(text,), delay=int(seconds * 1_000))


peer.main(push_many, noop.send, push_later, work)
