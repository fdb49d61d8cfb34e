import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1)))
struct RedisCallQueueTests {
    private func call(commands: Int = 1) -> RedisCall {
        RedisCall([RedisCommand](repeating: RedisCommand("PING"), count: commands))
    }

    private func queue(flight: Int = 10, pending: Int = 20) -> RedisCallQueue {
        var limits = RedisLimits()
        limits.flightCommands = flight
        limits.pendingCommands = pending
        return RedisCallQueue(limits: limits)
    }

    private func answer(to call: RedisCall) async -> RedisCall.Answer {
        await withCheckedContinuation { call.wait($0) }
    }

    private func isStart(_ admission: RedisCallQueue.Admission) -> Bool {
        if case .start = admission { true } else { false }
    }

    private func refusal(_ admission: RedisCallQueue.Admission) -> RedisError.Code? {
        if case .refused(let error) = admission { error.code } else { nil }
    }

    @Test func onlyTheFirstStartsServing() {
        let queue = queue()
        #expect(isStart(queue.add(call())))
        #expect(!isStart(queue.add(call())))
        #expect(queue.nextFlight()?.count == 2)
        #expect(!isStart(queue.add(call())))
        #expect(queue.nextFlight()?.count == 1)
        #expect(queue.nextFlight() == nil)
        #expect(isStart(queue.add(call())))
    }

    @Test func flightsHoldWholeCallsWithinLimits() {
        let queue = queue(flight: 10, pending: 100)
        for size in [4, 4, 4, 25, 1, 1] { _ = queue.add(call(commands: size)) }
        var sizes: [[Int]] = []
        while let flight = queue.nextFlight() { sizes.append(flight.map(\.commands.count)) }
        #expect(sizes == [[4, 4], [4], [25], [1, 1]])
    }

    @Test func cancelledCallsAreNotSent() {
        let queue = queue()
        let calls = [call(), call(), call()]
        for call in calls { _ = queue.add(call) }
        calls[1].answer(.failure(.cancelled))
        #expect(queue.nextFlight()?.count == 2)
        let last = call()
        _ = queue.add(last)
        last.answer(.failure(.cancelled))
        #expect(queue.nextFlight() == nil)
    }

    @Test func refusesWhatIsTooMuch() {
        let queue = queue(pending: 20)
        // Alone, even an oversized call is taken.
        #expect(isStart(queue.add(call(commands: 30))))
        #expect(refusal(queue.add(call())) == .overloaded)
        #expect(queue.nextFlight()?.count == 1)
        #expect(refusal(queue.add(call(commands: 20))) == nil)
        #expect(refusal(queue.add(call())) == .overloaded)
    }

    @Test func closeAnswersEverybody() async {
        let queue = queue()
        let flying = call()
        let pending = call()
        _ = queue.add(flying)
        _ = queue.nextFlight()
        _ = queue.add(pending)
        queue.close()
        for call in [flying, pending] {
            guard case .failure(let error) = await answer(to: call) else {
                Issue.record("answered with replies")
                continue
            }
            #expect(error.code == .closed)
        }
        #expect(refusal(queue.add(call())) == .closed)
        #expect(queue.nextFlight() == nil)
    }

    @Test func firstAnswerStays() async throws {
        let call = call()
        call.answer(.success([.null]))
        call.answer(.failure(.cancelled))
        let replies = try await answer(to: call).get()
        #expect(replies == [.null])
    }

    /// Three calls in one flight; the server answers one and a half of them and closes the connection.
    @Test func callWithAllItsRepliesSucceeds() async throws {
        let server = try FakeServer()
        let answers = ["+OK\r\n", "+A\r\n+B\r\n+C\r\n"].map { Array($0.utf8) }
        async let served: Void = server.serve(answers, ending: .close)
        let limits = RedisLimits()
        var configuration = server.configuration
        // The fake server begins when the machine has time for it.
        configuration.connectTimeout = .seconds(30)
        let connection = RedisConnection(
            configuration: configuration,
            name: "test",
            limits: limits,
            logger: nil
        )
        let queue = RedisCallQueue(limits: limits)
        let calls = [call(commands: 2), call(commands: 2), call(commands: 1)]
        for call in calls { _ = queue.add(call) }
        await connection.serve(queue)
        await served
        let first = try await answer(to: calls[0]).get()
        #expect(first == [.status("A"), .status("B")])
        for call in calls[1...] {
            let error = await #expect(throws: RedisError.self) { try await answer(to: call).get() }
            #expect(error?.code == .connectionLost)
        }
        await connection.shutdown(queue)
    }
}
