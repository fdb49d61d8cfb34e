/// What `aventora dev` was asked to do, checked.
package struct DevOptions: Sendable {
    /// The port asked for; nil for 8080 or the next free one.
    package var port: UInt16?
    /// How many workers; 0...64.
    package var workers = 2
    /// The folder for servers, secrets and notes.
    package var directory = ".aventora"
    /// Whether the systems that jobs call are played.
    package var hasPeers = false
    /// Whether each of them fails for a while during the day that is played with them.
    package var arePeersFailing = false
    /// Whether the sample call is posted, and a day is played where there are peers.
    package var postsSample = true
    /// Whether to end once the sample is delivered.
    package var exitsAfterSample = false
    /// The environment, an `--env-file` included.
    package var environment: [String: String] = [:]
    /// Where `aventora-api` and the others are.
    package var programs = ProcessTable.ownDirectory()
    /// The folder of the sample, if not found by itself.
    package var sample: String?
    /// How long programs may take to be ready.
    package var readyLimit = Duration.seconds(60)
    /// How long the sample may take.
    package var sampleLimit = Duration.seconds(60)
    /// How long the day may take.
    package var dayLimit = Duration.seconds(600)

    package init() {}

    /// The value of a variable, nil when it is missing or empty.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How long a worker may take to drain: its own grace and a margin.
    func workerStopLimitMilliseconds() throws(CommandError) -> Int64 {
        let name = "WORKER_SHUTDOWN_GRACE_SECONDS"
        let text = variable(name) ?? "25"
        guard let seconds = Double(text), (0...3_600).contains(seconds) else {
            throw CommandError(.configuration, "\(name): \(text) is not allowed (a number of seconds, 0 to 3600)")
        }
        return Int64(seconds * 1_000) + 5_000
    }

    /// The API's address, and whether someone asked for this very port.
    func listen() throws(CommandError) -> (host: String, port: UInt16, isAsked: Bool) {
        guard let text = variable("API_LISTEN") else { return ("127.0.0.1", port ?? 8_080, port != nil) }
        guard let colon = text.lastIndex(of: ":"), let given = UInt16(text[text.index(after: colon)...]), given > 0,
            colon > text.startIndex
        else { throw CommandError(.configuration, "API_LISTEN: \(text) is not allowed (host:port)") }
        return (String(text[..<colon]), port ?? given, true)
    }
}
