import Basics
import Synchronization
import TestKit

/// The Hub as starts, cancels and polls see it: one engagement for each idempotency key.
final class FakeHub: Sendable {
    /// One that was started.
    struct Engagement: Sendable {
        let id: String
        let key: String
        let body: JSONObject
        let authorization: String
        var status = "in_progress"
        var isForgotten = false
    }

    fileprivate struct State {
        var engagements: [Engagement] = []
        /// For requests whose path begins so, in order; each is used once.
        var faults: [(path: String, answer: TargetAnswer)] = []
        /// For every request whose path begins so and has no fault.
        var standing: [String: TargetAnswer] = [:]
    }

    private let state: Box
    let target: FakeTarget

    init() throws {
        let state = Box()
        self.state = state
        target = try FakeTarget { request in state.mutex.withLock { $0.answer(request) } }
    }

    deinit { target.stop() }

    /// What `AVENTORA_BASE_URL` says.
    var url: String { "http://127.0.0.1:\(target.port)" }

    /// In the order of their start.
    var engagements: [Engagement] { state.mutex.withLock { $0.engagements } }

    /// How often somebody asked for a start.
    var startRequests: [TargetRequest] { target.requests.filter { $0.path == "/integration/start" } }

    /// The next requests of such a path get these.
    func fail(_ path: String, with answers: [TargetAnswer]) {
        state.mutex.withLock { $0.faults += answers.map { (path, $0) } }
    }

    /// Every request of such a path gets this, until it is nil.
    func always(_ path: String, _ answer: TargetAnswer?) { state.mutex.withLock { $0.standing[path] = answer } }

    /// Changes an engagement.
    func set(_ id: String, status: String) {
        state.mutex.withLock { state in
            for index in state.engagements.indices where state.engagements[index].id == id {
                state.engagements[index].status = status
            }
        }
    }

    /// The Hub forgets it.
    func forget(_ id: String) {
        state.mutex.withLock { state in
            for index in state.engagements.indices where state.engagements[index].id == id {
                state.engagements[index].isForgotten = true
            }
        }
    }
}

extension FakeHub {
    /// A lock that closures may share.
    fileprivate final class Box: Sendable {
        let mutex = Mutex(State())
    }
}

extension FakeHub.State {
    mutating func answer(_ request: TargetRequest) -> TargetAnswer {
        if let index = faults.firstIndex(where: { request.path.hasPrefix($0.path) }) {
            // What is lost on the way back has happened all the same.
            let answer = faults.remove(at: index).answer
            switch answer {
            case .held, .reset, .garbage, .close, .hang:
                if request.path == "/integration/start" { _ = start(request) }
            default: break
            }
            return answer
        }
        if let standing = standing.first(where: { request.path.hasPrefix($0.key) }) { return standing.value }
        if request.path == "/integration/start" { return start(request) }
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 3, let index = engagements.firstIndex(where: { $0.id == parts[2] && !$0.isForgotten })
        else { return .status(404) }
        if parts.last == "cancel" {
            engagements[index].status = "cancelled"
            return Self.json(["engagement_id": .string(parts[2]), "status": .string("cancelled")])
        }
        return Self.json([
            "engagement_id": .string(parts[2]), "status": .string(engagements[index].status),
            "outcome": .string("from the poll"),
            "summary": .null, "history": .array([.object(["event": .string("asked")])]), "transcript": .array([]),
        ])
    }

    private mutating func start(_ request: TargetRequest) -> TargetAnswer {
        let key = request.header("Idempotency-Key") ?? ""
        var id = engagements.first { $0.key == key }?.id
        if id == nil {
            let new = Samples.name("eng")
            id = new
            var body: JSONObject = [:]
            do { body = try JSONParser.parse(request.body).object ?? [:] } catch { body = ["unreadable": .bool(true)] }
            engagements.append(
                .init(id: new, key: key, body: body, authorization: request.header("Authorization") ?? ""))
        }
        return Self.json([
            "engagement_id": .string(id ?? ""), "status": .string("accepted"),
            "created_at": .string("2026-01-31T12:00:00.000Z"),
        ])
    }

    private static func json(_ object: JSONObject) -> TargetAnswer {
        .reply(status: 200, headers: [("Content-Type", "application/json")], body: JSONValue.object(object).encoded())
    }
}
