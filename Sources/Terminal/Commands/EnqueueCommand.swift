import ArgumentParser
import Basics
import Jobs
import Operator
import Program
import Queue

/// `aventora jobs enqueue`
struct EnqueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Enqueue one job of a kind; 'aventora jobs kinds' shows them.",
        discussion: "The same checks as POST /v1/jobs, and the same words for what is wrong."
    )

    @Argument(help: "The kind.") var kind: String
    @Option(help: ArgumentHelp("The arguments, a JSON object; - reads them from standard input.", valueName: "json"))
    var args: String
    @Option(help: "The queue; by default the kind's.") var queue: String?
    @Option(help: "Run it so many seconds from now.") var delaySeconds: Double?
    @Option(help: ArgumentHelp("Run it at this ISO-8601 time.", valueName: "time")) var runAt: String?
    @Option(help: "At most one job of this key at a time.") var uniqueKey: String?
    @Option(help: "The lane; by default what the kind says.") var lane: String?
    @Option(help: "Run it only when those before it with the same key have ended.") var orderKey: String?
    @Option(help: "Attempts in all.") var attempts: Int?
    @Option(help: "Seconds from one attempt to the next.") var retryDelaySeconds: Double?
    @Option(help: "Seconds that one run may take.") var timeoutSeconds: Double?
    @Option(
        help: "How safe it has to be before this ends: queued, fsynced or outbox.",
        transform: { text in
            guard let durability = Durability(rawValue: text) else {
                throw ValidationError("queued, fsynced and outbox are allowed")
            }
            return durability
        })
    var durability = Durability.queued
    @OptionGroup var options: TerminalOptions

    private static let maximumInputBytes = 2 * Limits.maximumArgumentsBytes

    func run() async throws {
        let command = self
        await Session.run(options) { session in
            let body = try command.body()
            let request = try JobRequest.decode(
                body, catalogue: try session.catalogue, nowMilliseconds: session.clock.nowMilliseconds())
            let durability = command.durability
            switch try await session.withSubmitter({ try await $0.submit(request, durability: durability) }) {
            case .accepted(let job, _):
                let remark = job.duplicate ? "it was there before" : job.durability
                try session.answer(job) { _ in ["\(job.id) (\(remark))"] }
            case .conflict: throw ProgramError(.internal, "a job without a key was taken for another one")
            case .full: throw ProgramError(.failure, "as many jobs wait in the queue \(request.queue) as it may hold")
            }
        }
    }

    /// The request as `POST /v1/jobs` takes it, so that both are judged in one place.
    private func body() throws -> [UInt8] {
        let arguments = try argumentBytes()
        var writer = JSONWriter(capacity: arguments.count + 256)
        writer.beginObject()
        writer.key("kind")
        writer.string(kind)
        for (key, value) in [
            ("queue", queue), ("run_at", runAt), ("unique_key", uniqueKey), ("lane", lane),
            ("order_key", orderKey),
        ] {
            guard let value else { continue }
            writer.key(key)
            writer.string(value)
        }
        for (key, value) in [
            ("delay_seconds", delaySeconds), ("retry_delay_seconds", retryDelaySeconds),
            ("timeout_seconds", timeoutSeconds),
        ] {
            guard let value else { continue }
            writer.key(key)
            writer.double(value)
        }
        if let attempts {
            writer.key("attempts")
            writer.integer(attempts)
        }
        writer.key("args")
        writer.raw(arguments)
        writer.endObject()
        return writer.bytes
    }

    private func argumentBytes() throws -> [UInt8] {
        let bytes = args == "-" ? try StandardInput.read(maximumBytes: Self.maximumInputBytes) : Array(args.utf8)
        // Judged alone first: spliced into a document, a fault could turn it into another one.
        do throws(JSONError) {
            _ = try JSONParser.parse(bytes, limits: JSONLimits(bytes: Self.maximumInputBytes))
        } catch {
            throw ProgramError(.usage, "--args is not JSON: \(error.description)")
        }
        return bytes
    }
}
