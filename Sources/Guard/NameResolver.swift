// Name look-ups for those who judge a target before it is dialled. The C library's call waits on sockets and cannot be
// ended, so it runs on threads of its own, which live as long as the process: a look-up that nobody waits for any more
// keeps its thread until the resolver gives up, and delays only those that share the thread.

internal import Curl
internal import Dispatch
internal import Glibc
internal import Threads

/// Looks names up as libcurl does, by the C library.
public final class NameResolver: Sendable {
    /// The one of this process.
    public static let shared = NameResolver()

    /// Most addresses of one name that are looked at.
    static let maximumAddresses = 64

    private static let threads = 2

    private let lookups: [Lookup]
    private let turn = Locked(0)

    /// For tests; its threads see the network of the thread that makes it.
    package init() { lookups = (0..<Self.threads).map { Lookup(name: "lookup-\($0)") } }

    /// All addresses of a name, in the resolver's order, each once.
    ///
    /// - Parameter limitMilliseconds: how long the caller waits; the look-up itself goes on.
    /// - Throws: ``LookupFailure``.
    public func addresses(
        of name: String, limitMilliseconds: Int = 5_000
    ) async throws(LookupFailure) -> [IPAddress] {
        let lookup = turn.withLock { turn in
            turn = (turn + 1) % lookups.count
            return lookups[turn]
        }
        let result = await withCheckedContinuation { continuation in
            let answer = FirstResult(continuation)
            Task { answer.give(await lookup.run(name)) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(limitMilliseconds)) {
                let text = "no answer within \(limitMilliseconds) ms"
                answer.give(.failure(LookupFailure(description: text, isRetriable: true)))
            }
        }
        return try result.get()
    }
}

/// Resumes a caller with whatever comes first.
private final class FirstResult: Sendable {
    typealias Answer = Result<[IPAddress], LookupFailure>

    private let continuation: Locked<CheckedContinuation<Answer, Never>?>

    init(_ continuation: CheckedContinuation<Answer, Never>) { self.continuation = Locked(continuation) }

    func give(_ answer: Answer) {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: answer)
    }
}

/// One thread that looks names up, one after the other.
private actor Lookup {
    private let executor: ThreadExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(name: String) { executor = ThreadExecutor(name: name) }

    func run(_ name: String) -> Result<[IPAddress], LookupFailure> {
        guard !name.utf8.contains(0) else {
            return .failure(LookupFailure(description: "the name holds a NUL", isRetriable: false))
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else {
            let text = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            return .failure(LookupFailure(description: text, isRetriable: code == EAI_AGAIN))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next, addresses.count < NameResolver.maximumAddresses {
            if let address = unsafe IPAddress(entry.pointee.ai_addr), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return .success(addresses)
    }
}
