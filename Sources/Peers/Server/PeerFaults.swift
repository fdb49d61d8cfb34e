internal import Basics
internal import Threads

/// A way in which a peer fails, and for which requests.
public struct PeerFault: Sendable {
    /// What happens.
    public enum Mode: String, Sendable, CaseIterable {
        /// A status with a body.
        case status
        /// The right answer, later.
        case delay
        /// A TCP reset instead of an answer.
        case reset
        /// No answer, as long as the client waits.
        case hang
        /// Bytes that are not HTTP.
        case garbage
        /// A proxy's page.
        case html
        /// A success, 200 unless said otherwise, for work that was not done, or with a wrong body.
        case lie
    }

    let pathPrefix: String
    let method: String?
    let mode: Mode
    let status: Int?
    let body: JSONValue?
    let headers: [(name: String, value: String)]
    let delayMilliseconds: Int64
    /// The work is done, and only its answer is lost.
    let performs: Bool
    /// Only each so-manieth request that matches has the fault.
    let every: Int64
    var count: Int64?
    /// How many have matched.
    var matched: Int64 = 0

    /// Reads one item of `faults`.
    init(_ object: JSONObject) throws(InputError) {
        let modes = Mode.allCases.map(\.rawValue).joined(separator: ", ")
        guard let mode = object["mode"]?.string.flatMap(Mode.init) else {
            throw InputError(problems: [FieldProblem(pointer: "/mode", detail: "one of \(modes) is needed")])
        }
        let status = object["status"]?.integer.map(Int.init)
        guard status.map({ 200...599 ~= $0 }) ?? true else {
            throw InputError(problems: [FieldProblem(pointer: "/status", detail: "200 to 599 are allowed")])
        }
        self.mode = mode
        self.status = status
        pathPrefix = object["path_prefix"]?.string ?? "/"
        method = object["method"]?.string?.uppercased()
        body = object["body"]
        headers = (object["headers"]?.object?.members ?? []).map { ($0.key, $0.value.string ?? "") }
        delayMilliseconds = max(0, object["delay_ms"]?.integer ?? 0)
        performs = object["performs"] == .bool(true)
        every = max(1, object["every"]?.integer ?? 1)
        count = object["count"]?.integer
    }

    func matches(_ request: PeerRequest) -> Bool {
        request.path.hasPrefix(pathPrefix) && (method ?? request.method) == request.method && (count ?? 1) > 0
    }

    /// What is answered in place of the peer's own answer; nil for the modes that give none or the right one.
    var answer: PeerAnswer? {
        switch mode {
        case .delay, .reset, .hang, .garbage: return nil
        case .html:
            let page = "<html><head><title>Bad Gateway</title></head><body><h1>502</h1></body></html>"
            return PeerAnswer(
                status: status ?? 502, headers: headers, contentType: "text/html; charset=utf-8", body: Array(page.utf8)
            )
        case .status, .lie:
            let fallback = mode == .lie ? 200 : 503
            return PeerAnswer(
                status: status ?? fallback, headers: headers, body: (body ?? .object(JSONObject())).encoded())
        }
    }
}

/// The faults of one peer: the first that matches a request, and whose turn it is, is its fault, and counts down.
public final class PeerFaults: Sendable {
    private let list = Locked<[PeerFault]>([])

    /// None.
    public init() {}

    /// Takes the body of `PUT /_peer/faults`.
    func replace(_ object: JSONObject) throws(InputError) {
        var faults: [PeerFault] = []
        for item in object["faults"]?.array ?? [] { faults.append(try PeerFault(item.object ?? JSONObject())) }
        list.withLock { [faults] in $0 = faults }
    }

    func clear() { list.withLock { $0 = [] } }

    /// What goes wrong with this request.
    func take(_ request: PeerRequest) -> PeerFault? {
        list.withLock { faults in
            for index in faults.indices where faults[index].matches(request) {
                faults[index].matched += 1
                guard faults[index].matched.isMultiple(of: faults[index].every) else { continue }
                let fault = faults[index]
                if let count = fault.count { faults[index].count = count - 1 }
                return fault
            }
            return nil
        }
    }
}
