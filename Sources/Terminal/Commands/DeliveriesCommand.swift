public import ArgumentParser
import Basics
import Operator
import Program
import Queue

/// `aventora deliveries`
public struct DeliveriesCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Show deliveries and each attempt at them; send one again.",
        subcommands: [List.self, Show.self, Replay.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show deliveries, the newest first.")

        @Option(help: "Only to this target, such as twenty.") var target: String?
        @Option(help: "Only of this subscription.") var endpoint: String?
        @Option(help: "Only pending, retrying, delivered, failed or cancelled ones.") var state: String?
        @Option(help: "Only of this account.") var domainName: String?
        @Option(help: "Only of this engagement.") var engagementId: String?
        @Option(help: "Only of this call.") var callSid: String?
        @Option(help: "Only of events of this type.") var eventType: String?
        @Option(help: ArgumentHelp("Only asked for at this ISO-8601 time or later.", valueName: "time"))
        var since: String?
        @Option(help: ArgumentHelp("Only asked for before this ISO-8601 time.", valueName: "time")) var until: String?
        @Option(help: "How many at most, 1 to 10000.") var limit = 50
        @OptionGroup var options: TerminalOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit: 1 to 10000 are allowed") }
        }

        func run() async throws {
            let command = self
            await Session.run(options) { session in
                let page = try await session.deliveryDesk.page(try command.selection(), limit: command.limit)
                let now = session.clock.nowMilliseconds()
                try session.answer(page) { DeliveryReport.lines(page, nowMilliseconds: now, width: $0) }
            }
        }

        private func selection() throws(InputError) -> DeliverySelection {
            var selection = DeliverySelection()
            let values = [
                ("target", target), ("endpoint", endpoint), ("state", state), ("domain_name", domainName),
                ("engagement_id", engagementId), ("call_sid", callSid), ("event_type", eventType), ("since", since),
                ("until", until),
            ]
            for (name, value) in values {
                guard let value else { continue }
                let option = String(name.map { $0 == "_" ? "-" : $0 })
                try selection.set(name, value, pointer: "--" + option)
            }
            return selection
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one delivery: each attempt, where its time went, what was asked and answered.")

        @Argument(help: "The delivery: its job's id.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let name = id
            await Session.run(options) { session in
                guard let id = JobID(name), let delivery = try await session.deliveryDesk.find(id) else {
                    throw ProgramError(.failure, "no delivery has the id '\(name)', or it is older than the log")
                }
                let now = session.clock.nowMilliseconds()
                try session.answer(delivery) { _ in DeliveryReport.lines(delivery, nowMilliseconds: now) }
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send one delivery that has ended again: a new delivery under the same webhook-id.")

        @Argument(help: "The delivery: its job's id.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let name = id
            await Session.run(options) { session in
                guard let id = JobID(name) else { throw ProgramError(.failure, "no delivery has the id '\(name)'") }
                let replayed = try await session.withDurableQueue { durable in
                    let desk = try session.replayDesk(durable)
                    return try await ReplaysCommand.refusable { try await desk.replay(id) }
                }
                try session.answer(replayed) { _ in
                    ["\(replayed.id) sends \(replayed.replayOf) again as \(replayed.webhookID)"]
                }
            }
        }
    }
}
