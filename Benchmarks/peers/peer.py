"""What the Python peers share: the command line, the payload, the record of what ran.

    SCRIPT MODE JOBS CONCURRENCY OUTPUT      with REDIS_URL and READY_FILE in the environment

    push_many   enqueue JOBS jobs the fastest way that the peer's documentation shows
    push_alone  enqueue JOBS jobs one by one
    work        run JOBS jobs, 0 = until killed; the clock runs from the first job's start to the last job's end, so
                neither the start of Python nor the last job's bookkeeping is counted
    pace        enqueue one job, wait until a worker has run it, then enqueue JOBS jobs, CONCURRENCY a second, whenever
                their time comes, each with the moment at which that was done
    later       the same, but enqueue the JOBS jobs at once, for CONCURRENCY a second from LEAD seconds on, each with the
                moment at which it is due

With DELIVER_URL in the environment each job also posts its payload there, signed, before it counts as run; PAYLOAD_BYTES
is then its size.

A worker makes READY_FILE when it runs its first job. Writes OUTPUT.json: the figures, the numbers of the jobs that ran, and how long each job of `pace` waited for its start.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time

NUMBER_DIGITS = 8
STAMP_DIGITS = 20
SHARE = 1_000
LEAD = 3
PAYLOAD_BYTES = int(os.environ.get("PAYLOAD_BYTES", "200"))
DELIVER_URL = os.environ.get("DELIVER_URL")
KEY = bytes(range(32))


def payload(number, frame, stamp=0):
    """A text that makes 200 bytes, or PAYLOAD_BYTES, of JSON with `frame` bytes around it; stamp: CLOCK_MONOTONIC in ns."""
    head = f"{number:0{NUMBER_DIGITS}d}{stamp:0{STAMP_DIGITS}d}"
    return head + "x" * (PAYLOAD_BYTES - frame - len(head))


def signed(text):
    """The body of a delivery and its headers, as Standard Webhooks has them."""
    body = text.encode()
    message, seconds = f"msg_{text[:NUMBER_DIGITS]}", str(int(time.time()))
    code = hmac.new(KEY, f"{message}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return body, {
        "Content-Type": "application/json", "webhook-id": message, "webhook-timestamp": seconds,
        "webhook-signature": "v1," + base64.b64encode(code).decode(),
    }


class Record:
    """The jobs that ran. One thread of the worker, or several, call `add`; a thread of its own ends the process."""

    def __init__(self, expected, output):
        self.expected = expected
        self.output = output
        self.numbers = []
        self.delays = []
        self.start = None
        self.full = threading.Event()
        self.processor_before = time.process_time()
        if expected:
            threading.Thread(target=self._finish, daemon=True).start()

    def add(self, text):
        now = time.monotonic_ns()
        if self.start is None:
            self.start = now
            open(ready_file(), "w").close()
        stamp = int(text[NUMBER_DIGITS:NUMBER_DIGITS + STAMP_DIGITS])
        if stamp:
            self.delays.append(now - stamp)
        self.numbers.append(int(text[:NUMBER_DIGITS]))
        if len(self.numbers) == self.expected:
            self.full.set()

    def _finish(self):
        self.full.wait()
        seconds = (time.monotonic_ns() - self.start) / 1e9
        processor = time.process_time() - self.processor_before
        time.sleep(0.2)
        write(self.output, seconds, processor, self.numbers, self.delays)
        os._exit(0)


def write(output, seconds, processor=0.0, numbers=(), delays=()):
    with open(f"{output}.part", "w") as file:
        json.dump({
            "seconds": seconds, "processorSeconds": processor, "numbers": list(numbers),
            "delayNanoseconds": list(delays),
        }, file)
    os.rename(f"{output}.part", f"{output}.json")


def shares(jobs):
    """The numbers of the jobs, SHARE at a time."""
    return [range(first, min(first + SHARE, jobs)) for first in range(0, jobs, SHARE)]


def wait_for_worker(limit=30):
    end = time.monotonic() + limit
    while not os.path.exists(ready_file()):
        if time.monotonic() > end:
            sys.exit("no worker ran the first job")
        time.sleep(0.02)
    time.sleep(0.5)


def moments(jobs, rate):
    """When each job of `pace` is due: its number, from 1 on, and the seconds to sleep before."""
    start = time.monotonic()
    for number in range(jobs):
        yield number + 1, max(0.0, start + number / rate - time.monotonic())


def command_line():
    return sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


def later(jobs, rate, frame):
    """The texts of the jobs of `later` and the seconds until each is due, from the moment at which it is asked for."""
    start = time.monotonic() + LEAD
    for number in range(jobs):
        due = start + number / rate
        yield payload(number + 1, frame, int(due * 1e9)), due - time.monotonic()


def main(push_many, push_alone, push_later, work, frame=4):
    """For peers without asyncio: `push_many(texts of a share)`, `push_alone(text)`, `push_later(text, seconds)`,
    `work(record, concurrency)`."""
    mode, jobs, concurrency, output = command_line()
    if mode == "work":
        work(Record(jobs, output), concurrency)
        return
    start = time.monotonic()
    if mode == "pace":
        push_alone(payload(0, frame))
        wait_for_worker()
        for number, pause in moments(jobs, concurrency):
            time.sleep(pause)
            push_alone(payload(number, frame, time.monotonic_ns()))
    elif mode == "later":
        push_alone(payload(0, frame))
        wait_for_worker()
        for text, seconds in later(jobs, concurrency, frame):
            push_later(text, seconds)
    elif mode == "push_many":
        for share in shares(jobs):
            push_many([payload(number, frame) for number in share])
    elif mode == "push_alone":
        for number in range(jobs):
            push_alone(payload(number, frame))
    else:
        sys.exit(f"no such mode: {mode}")
    write(output, time.monotonic() - start)


async def main_async(push_many, push_alone, push_later, frame=4):
    """The same for producers with asyncio; `work` is theirs."""
    mode, jobs, concurrency, output = command_line()
    start = time.monotonic()
    if mode == "pace":
        await push_alone(payload(0, frame))
        wait_for_worker()
        for number, pause in moments(jobs, concurrency):
            await asyncio.sleep(pause)
            await push_alone(payload(number, frame, time.monotonic_ns()))
    elif mode == "later":
        await push_alone(payload(0, frame))
        wait_for_worker()
        for text, seconds in later(jobs, concurrency, frame):
            await push_later(text, seconds)
    elif mode == "push_many":
        for share in shares(jobs):
            await push_many([payload(number, frame) for number in share])
    elif mode == "push_alone":
        for number in range(jobs):
            await push_alone(payload(number, frame))
    else:
        sys.exit(f"no such mode: {mode}")
    write(output, time.monotonic() - start)


def work_arguments():
    """The record and the concurrency of `work`, or None in other modes."""
    mode, jobs, concurrency, output = command_line()
    return (Record(jobs, output), concurrency) if mode == "work" else None


def ready_file():
    return os.environ["READY_FILE"]


def redis_url():
    return os.environ["REDIS_URL"]
