import Threads

extension RedisConnection {
    /// Puts a call into the connection's queue and waits for its answer.
    ///
    /// - Parameter onCancel: called after the caller was answered, from whatever thread cancelled it.
    nonisolated func run(
        _ call: RedisCall,
        through queue: RedisCallQueue,
        onCancel: @escaping @Sendable () -> Void
    ) async throws(RedisError) -> [RedisReply] {
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.wait(continuation)
                if !call.isAnswered { start(call, through: queue) }
            }
        } onCancel: {
            call.answer(.failure(.cancelled))
            onCancel()
        }
        return try answer.get()
    }

    private nonisolated func start(_ call: RedisCall, through queue: RedisCallQueue) {
        switch queue.add(call) {
        case .start: Task.detached { await self.serve(queue) }
        case .queued: break
        case .refused(let error): call.answer(.failure(error))
        }
    }

    /// Answers everybody, wakes the thread if it waits for the socket, closes it, and ends the thread.
    nonisolated func shutdown(_ queue: RedisCallQueue) async {
        queue.close()
        interrupter.close()
        await disconnect()
        executor.stop()
    }
}
