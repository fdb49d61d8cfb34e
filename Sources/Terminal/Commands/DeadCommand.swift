public import ArgumentParser
import Basics
import Operator
import Program
import Queue

/// `aventora dead`
public struct DeadCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Show buried jobs, send them to work again, or take them away.",
        subcommands: [List.self, Retry.self, Delete.self],
        defaultSubcommand: List.self
    )

    public init() {}

    /// Which buried jobs are meant.
    struct Filter: ParsableArguments {
        @Option(help: "Only of this queue.") var queue: String?
        @Option(help: "Only of this kind.") var kind: String?
        @Option(help: "Only pushes to this CRM.") var target: String?
        @Option(help: ArgumentHelp("Only buried at this ISO-8601 time or later.", valueName: "time"))
        var since: String?
        @Option(help: ArgumentHelp("Only buried before this ISO-8601 time.", valueName: "time")) var until: String?
        @Option(help: "Only this job; may be given several times.") var id: [String] = []

        func selection() throws(InputError) -> DeadSelection {
            var selection = DeadSelection()
            let values = [("queue", queue), ("kind", kind), ("target", target), ("since", since), ("until", until)]
            for (name, value) in values { if let value { try selection.set(name, value, pointer: "--" + name) } }
            for id in id { try selection.set("id", id, pointer: "--id") }
            return selection
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show buried jobs, the newest of each queue first.")

        @OptionGroup var filter: Filter
        @Option(help: "How many at most, 1 to 10000.") var limit = 50
        @OptionGroup var options: TerminalOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit: 1 to 10000 are allowed") }
        }

        func run() async throws {
            let (filter, limit) = (filter, limit)
            await Session.run(options) { session in
                let page = try await session.deadDesk.page(try filter.selection(), limit: limit)
                let now = session.clock.nowMilliseconds()
                try session.answer(page) { DeadReport.lines(page, nowMilliseconds: now, width: $0) }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send buried jobs to work again with fresh budgets; --all for every one.")

        @OptionGroup var filter: Filter
        @Flag(help: "Every buried job.") var all = false
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await DeadCommand.change(filter, all, options, verb: "sent to work again") { desk, selection in
                try await desk.retry(selection)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take buried jobs away for good; --all for every one. Their ends stay in the history.")

        @OptionGroup var filter: Filter
        @Flag(help: "Every buried job.") var all = false
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await DeadCommand.change(filter, all, options, verb: "taken away") { desk, selection in
                try await desk.delete(selection)
            }
        }
    }

    private static func change(
        _ filter: Filter, _ isAll: Bool, _ options: TerminalOptions, verb: String,
        _ body: @escaping @Sendable (DeadDesk, DeadSelection) async throws -> Int
    ) async {
        await Session.run(options) { session in
            let selection = try filter.selection()
            guard selection.isEverything == isAll else {
                let message =
                    isAll
                    ? "--all means every buried job: give no filter beside it"
                    : "give a filter, or --all for every buried job"
                throw ProgramError(.usage, message)
            }
            let count = try await body(session.deadDesk, selection)
            try session.answer(DeadCount(count: count)) { _ in ["\(count) \(count == 1 ? "job" : "jobs") \(verb)"] }
        }
    }
}
