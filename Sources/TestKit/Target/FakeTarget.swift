// Threads: one that accepts and one for each connection, all with blocking sockets; they end when the target is
// stopped, since that shuts every socket down. Everything that is shared is in one lock. Answers go by the order in
// which requests arrive, over all connections.

import Command
import Foundation
import Glibc

/// A webhook target on 127.0.0.1 that keeps every request and answers by a script.
package final class FakeTarget: Sendable {
    package let port: UInt16
    private let state: TargetState
    private let listener: Int32

    /// - Parameters:
    ///   - answers: one for each request, in the order of arrival.
    ///   - last: for every request after those.
    ///   - isListening: false refuses connections until ``listen()``; the port is kept meanwhile.
    package init(
        answers: [TargetAnswer] = [], then last: TargetAnswer = .status(200), isListening: Bool = true
    ) throws {
        port = try LoopbackPort.free()
        listener = try TargetSocket.bind(port: port)
        state = TargetState(answers: answers, last: last)
        if isListening { try listen() }
    }

    /// - Parameter choose: what each request gets. Called on the connections' threads, one at a time, so it does not
    ///   wait and does not ask the target anything.
    package init(choosing choose: @escaping @Sendable (TargetRequest) -> TargetAnswer) throws {
        port = try LoopbackPort.free()
        listener = try TargetSocket.bind(port: port)
        state = TargetState(choose: choose)
        try listen()
    }

    /// Begins to take connections. Called once.
    package func listen() throws {
        guard Glibc.listen(listener, 1_024) == 0 else { throw SocketFailure(call: "listen", errno: errno) }
        state.change { $0.isListening = true }
        let thread = Thread { [listener, state] in
            while let descriptor = TargetSocket.accept(listener) { Self.serve(descriptor, state) }
            Glibc.close(listener)
        }
        thread.start()
    }

    deinit { stop() }

    /// An address of it.
    package func url(_ path: String = "/hook") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// All requests so far, in the order of arrival.
    package var requests: [TargetRequest] { state.read { $0.requests } }

    /// Connections accepted so far, whether a request came or not.
    package var connectionCount: Int { state.read { $0.connections } }

    /// Those requests whose answer was a 2xx and was written out.
    package var delivered: [TargetRequest] { state.read { state in state.delivered.map { state.requests[$0] } } }

    /// What the coming requests get.
    package func answer(_ answers: [TargetAnswer] = [], then last: TargetAnswer = .status(200)) {
        state.change { state in
            state.answers = answers[...]
            state.last = last
        }
    }

    /// By its place in ``requests``: when its 2xx went out.
    package var deliveredAt: [Int: ContinuousClock.Instant] { state.read { $0.deliveredAt } }

    /// Lets every held request, and every later one that would be held, have its answer.
    package func release() { state.change { $0.isReleased = true } }

    /// How many requests there are: the number now, then again after each arrival. Ends when the target stops.
    package func arrivals() -> AsyncStream<Int> { state.arrivals() }

    /// The first `count` requests, once that many have arrived.
    ///
    /// - Throws: ``WaitExpired`` when they have not within `limit`.
    package func requests(_ count: Int, within limit: Duration = .seconds(20)) async throws -> [TargetRequest] {
        let arrivals = arrivals()
        let isComplete = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await number in arrivals where number >= count { return true }
                return false
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        let requests = requests
        guard isComplete || requests.count >= count else {
            throw WaitExpired(
                description: "waited in vain for \(count) requests, \(limit); there are \(requests.count)")
        }
        return Array(requests.prefix(count))
    }

    /// Closes the port and every connection; what was recorded stays.
    package func stop() {
        guard let open = state.stop() else { return }
        // The accepting thread closes the listener at its end.
        if state.read({ $0.isListening }) {
            Glibc.shutdown(listener, Int32(SHUT_RDWR))
        } else {
            Glibc.close(listener)
        }
        for descriptor in open { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private static func serve(_ descriptor: Int32, _ state: TargetState) {
        guard let number = state.open(descriptor) else {
            Glibc.close(descriptor)
            return
        }
        let thread = Thread {
            TargetConnection(descriptor: descriptor, number: number, state: state).run()
            state.close(descriptor)
        }
        thread.stackSize = 256 << 10
        thread.start()
    }
}
