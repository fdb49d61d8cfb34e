public import ArgumentParser
import Operator
import Program
import Queue

/// `aventora queues`
public struct QueuesCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "queues",
        abstract: "Show the queues; pause and resume one.",
        subcommands: [List.self, Pause.self, Resume.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how full the queues are.")

        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await Session.run(options) { session in
                let queues = try await session.queueDesk.queues()
                try session.answer(Page(items: queues)) { QueueReport.lines(queues, width: $0) }
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let workers claim nothing more from a queue. What runs goes on.")

        @Argument(help: "The queue.") var name: String
        @OptionGroup var options: TerminalOptions

        func run() async throws { await QueuesCommand.setPaused(true, name, options) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let workers claim from a paused queue again.")

        @Argument(help: "The queue.") var name: String
        @OptionGroup var options: TerminalOptions

        func run() async throws { await QueuesCommand.setPaused(false, name, options) }
    }

    private static func setPaused(_ isPaused: Bool, _ text: String, _ options: TerminalOptions) async {
        await Session.run(options) { session in
            let desk = session.queueDesk
            guard let name = desk.name(text), let queue = try await desk.setPaused(isPaused, name) else {
                let known = desk.names.map(\.description).joined(separator: ", ")
                throw ProgramError(.usage, "there is no queue '\(text)'; there are \(known)")
            }
            try session.answer(queue) { QueueReport.lines([queue], width: $0) }
        }
    }
}
