"""Celery on Redis, in one process: CONCURRENCY threads, or with 1 the `solo` pool, which runs tasks where they arrive.

What its guide to optimising says for many short tasks: a large prefetch multiplier, results ignored, and one producer
kept for many messages. Gossip, mingle and heartbeats between workers are off. Deliveries by one `requests` session.
"""

import logging

from celery import Celery

import peer

app = Celery("celery_peer", broker=peer.redis_url())
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=128, task_default_queue="noop", worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=False, worker_enable_remote_control=False, task_serializer="json",
    worker_redirect_stdouts=False,
)
record = None
session = None


@app.task(name="noop")
def noop(text):
    if peer.DELIVER_URL:
        body, headers = peer.signed(text)
        session.post(peer.DELIVER_URL, data=body, headers=headers, timeout=30).raise_for_status()
    record.add(text)


def push_many(texts):
    with app.producer_pool.acquire(block=True) as producer:
        for text in texts:
            noop.apply_async((text,), producer=producer)


def work(filled, concurrency):
    global record, session
    record = filled
    if peer.DELIVER_URL:
        import requests

        session = requests.Session()
        # It looks for proxies in the environment before each request.
        session.trust_env = False
    logging.disable(logging.WARNING)
    pool = "solo" if concurrency == 1 else "threads"
    app.Worker(
        pool=pool, concurrency=concurrency, loglevel="ERROR", without_gossip=True, without_mingle=True,
        without_heartbeat=True, quiet=True,
    ).start()


def push_later(text, seconds):
    noop.apply_async((text,), countdown=seconds)


peer.main(push_many, noop.delay, push_later, work)
