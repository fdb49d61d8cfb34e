// A request's code runs on the event loop that its connection belongs to, where its bytes arrive and leave, instead of
// on Swift's shared pool: a request then costs no switch of threads but those to Redis and back. So nothing that a
// request does may wait or take long on the spot; what waits on a socket has a thread of its own anyway.

internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// HTTP/1 connections whose requests are handled on their own event loops.
struct LoopBoundChannel: ServerChildChannel {
    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(loop: value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs jobs of tasks on an event loop, in the order in which they came.
private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
