public import ArgumentParser
import Basics
import Operator
import Program
import Queue

/// `aventora schedules`
public struct SchedulesCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Show the schedules; run one now, pause and resume one.",
        subcommands: [List.self, Next.self, Ticks.self, Run.self, Pause.self, Resume.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show when each schedule fires, and its last tick.")

        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await Session.run(options) { session in
                let schedules = try await session.scheduleDesk.schedules()
                let now = session.clock.nowMilliseconds()
                try session.answer(Page(items: schedules)) {
                    ScheduleReport.lines(schedules, nowMilliseconds: now, width: $0)
                }
            }
        }
    }

    struct Next: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a schedule's next times, in UTC.")

        @Argument(help: "The schedule.") var name: String
        @Option(help: "How many, 1 to 100.") var times = ScheduleDesk.standardTimes
        @OptionGroup var options: TerminalOptions

        func validate() throws {
            guard ScheduleDesk.times.contains(times) else { throw ValidationError("--times is 1 to 100.") }
        }

        func run() async throws {
            let times = times
            await SchedulesCommand.run(name, options) { session, scheduled in
                guard let schedule = try await session.scheduleDesk.schedules([scheduled], times: times).first
                else { return }
                try session.answer(schedule) { _ in schedule.nextTimes }
            }
        }
    }

    struct Ticks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a schedule's ledger, the newest tick first: fired or not and why, how late, which job.")

        @Argument(help: "The schedule.") var name: String
        @Option(help: "How many, 1 to 200.") var limit = 20
        @OptionGroup var options: TerminalOptions

        func validate() throws {
            guard (1...200).contains(limit) else { throw ValidationError("--limit is 1 to 200.") }
        }

        func run() async throws {
            let limit = limit
            await SchedulesCommand.run(name, options) { session, scheduled in
                let page = try await session.scheduleDesk.ticks(of: scheduled, count: limit)
                try session.answer(page) { ScheduleReport.lines(page.items, width: $0) }
            }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enqueue a schedule's job now, whether it is paused or not.")

        @Argument(help: "The schedule.") var name: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await SchedulesCommand.run(name, options) { session, scheduled in
                let id = try await session.scheduleDesk.run(scheduled).description
                try session.answer(["id": id]) { _ in ["\(id) enqueued"] }
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a schedule's ticks pass. The ledger keeps them as skipped.")

        @Argument(help: "The schedule.") var name: String
        @OptionGroup var options: TerminalOptions

        func run() async throws { await SchedulesCommand.setPaused(true, name, options) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a paused schedule fire again. What passed meanwhile does not.")

        @Argument(help: "The schedule.") var name: String
        @OptionGroup var options: TerminalOptions

        func run() async throws { await SchedulesCommand.setPaused(false, name, options) }
    }

    private static func setPaused(_ isPaused: Bool, _ name: String, _ options: TerminalOptions) async {
        await run(name, options) { session, scheduled in
            guard let schedule = try await session.scheduleDesk.setPaused(isPaused, scheduled) else { return }
            let now = session.clock.nowMilliseconds()
            try session.answer(schedule) { ScheduleReport.lines([schedule], nowMilliseconds: now, width: $0) }
        }
    }

    /// Runs a command about one schedule.
    private static func run(
        _ name: String, _ options: TerminalOptions,
        _ body: @escaping @Sendable (Session, ScheduledJob) async throws -> Void
    ) async {
        await Session.run(options) { session in
            let desk = try session.scheduleDesk
            guard let scheduled = desk.named(name) else {
                let known = desk.schedules.map(\.schedule.name).joined(separator: ", ")
                throw ProgramError(.usage, "there is no schedule '\(name)'; there are \(known)")
            }
            try await body(session, scheduled)
        }
    }
}
