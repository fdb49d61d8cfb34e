public import ArgumentParser
import Basics
import Jobs
import Operator
import Program
import Queue

/// `aventora replays`
public struct ReplaysCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "replays",
        abstract: "Send the deliveries of a range of time again; show, pause, resume and cancel that.",
        subcommands: [List.self, Show.self, Start.self, Pause.self, Resume.self, Cancel.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show replays, the newest first.")

        @Option(help: "How many at most, 1 to 200.") var limit = 50
        @OptionGroup var options: TerminalOptions

        func validate() throws {
            guard (1...200).contains(limit) else { throw ValidationError("--limit: 1 to 200 are allowed") }
        }

        func run() async throws {
            let limit = limit
            await Session.run(options) { session in
                let page = try await session.replayDesk.page(limit: limit)
                let now = session.clock.nowMilliseconds()
                try session.answer(page) { ReplayReport.lines(page, nowMilliseconds: now, width: $0) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one replay and how far it is.")

        @Argument(help: "The replay.") var id: String
        @Flag(help: "Show how far it is until it has ended.") var wait = false
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let (id, wait) = (id, wait)
            await ReplaysCommand.run(id, options) { session, desk in
                wait ? try await ReplaysCommand.follow(id, session, desk) : try await desk.find(id)
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let nothing more of a replay start for now.")

        @Argument(help: "The replay.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let id = id
            await ReplaysCommand.run(id, options) { _, desk in try await desk.pause(id) }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused replay, or one that failed, go on.")

        @Argument(help: "The replay.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let id = id
            await ReplaysCommand.run(id, options) { _, desk in try await desk.resume(id) }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a replay: nothing more of it is sent, and what waits is cancelled.")

        @Argument(help: "The replay.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let id = id
            await ReplaysCommand.run(id, options) { _, desk in try await desk.cancel(id) }
        }
    }

    /// Runs a command about one replay and shows how it stands then.
    private static func run(
        _ id: String, _ options: TerminalOptions,
        _ body: @escaping @Sendable (Session, ReplayDesk) async throws -> ReplayResource?
    ) async {
        await Session.run(options) { session in
            guard Replay.isID(id), let replay = try await refusable({ try await body(session, session.replayDesk) })
            else { throw ProgramError(.failure, "no replay has the id '\(id)'") }
            let now = session.clock.nowMilliseconds()
            try session.answer(replay) { _ in ReplayReport.lines(replay, nowMilliseconds: now) }
        }
    }

    /// Shows how far a replay is, twice a second on a terminal, until it has ended or stopped.
    static func follow(_ id: String, _ session: Session, _ desk: ReplayDesk) async throws -> ReplayResource? {
        let line = ProgressLine()
        // Bounded: a day at most.
        for _ in 0..<172_800 {
            guard let replay = try await desk.find(id) else { return nil }
            guard replay.state == Replay.State.running.rawValue else {
                line.clear()
                return replay
            }
            line.show("\(replay.examined) of \(replay.total), \(replay.delivered) delivered, \(replay.failed) failed")
            try await Task.sleep(for: .milliseconds(500))
        }
        line.clear()
        return try await desk.find(id)
    }

    /// What the desk refuses, as a failure of the command.
    static func refusable<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let refusal as ReplayDesk.Refusal {
            switch refusal {
            case .conflict(let reason), .gone(let reason): throw ProgramError(.failure, reason)
            case .unknown: throw ProgramError(.failure, "no such delivery, or it is older than the log")
            case .tooLarge:
                throw ProgramError(.failure, "the range has more than \(Replay.maximumCount) deliveries; narrow it")
            case .full: throw ProgramError(.failure, "\(Replay.maximumUnderWay) replays are under way already")
            case .otherKey: throw ProgramError(.failure, "the key was used for another delivery")
            }
        }
    }
}
