internal import Basics
internal import Threads

/// The calls that a peer got, the newest 10,000 of them.
final class PeerLog: Sendable {
    struct Call {
        let request: PeerRequest
        /// 0 when nothing was answered.
        let status: Int
        let atMilliseconds: Int64
    }

    private struct State {
        var calls: [Call] = []
        var total = 0
    }

    private static let kept = 10_000
    private let state = Locked(State())

    func add(_ call: Call) {
        state.withLock { state in
            state.total += 1
            state.calls.append(call)
            // Now and then, so that a call does not cost a move of all of them.
            if state.calls.count >= 2 * Self.kept { state.calls.removeFirst(state.calls.count - Self.kept) }
        }
    }

    func clear() { state.withLock { $0 = State() } }

    /// The newest calls, oldest first, as JSON.
    ///
    /// - Parameters:
    ///   - prefix: only paths that begin with it.
    ///   - limit: at most so many.
    func list(prefix: String, limit: Int) -> JSONObject {
        let (calls, total) = state.withLock { ($0.calls.suffix(Self.kept), $0.total) }
        let wanted = calls.filter { $0.request.path.hasPrefix(prefix) }.suffix(max(0, limit))
        return ["items": .array(wanted.map { .object(Self.json($0)) }), "total": .number("\(total)")]
    }

    private static func json(_ call: Call) -> JSONObject {
        let request = call.request
        var headers = JSONObject()
        // A repeated field is one list, as HTTP has it.
        for field in request.headers {
            let text = headers[field.name]?.string.map { "\($0), \(field.value)" } ?? field.value
            headers.set(field.name, .string(text))
        }
        let body = request.json ?? .string(String(decoding: request.body, as: UTF8.self))
        return [
            "method": .string(request.method), "path": .string(request.path), "query": .string(request.queryText),
            "headers": .object(headers), "body": body, "status": .number("\(call.status)"),
            "at": .string(Timestamp(milliseconds: call.atMilliseconds).iso8601),
        ]
    }
}
