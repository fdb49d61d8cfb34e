public import ArgumentParser
import Operator
import Queue

/// `aventora workers`
public struct WorkersCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Show the worker processes; tell one to claim no more.",
        subcommands: [List.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the worker processes and what they hold.",
            discussion: "One that died without a word stays listed for an hour, silent; its jobs went back within 15 s."
        )

        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await Session.run(options) { session in
                let workers = try await session.queueDesk.workers()
                try session.answer(Page(items: workers)) { WorkerReport.lines(workers, width: $0) }
            }
        }
    }
}
