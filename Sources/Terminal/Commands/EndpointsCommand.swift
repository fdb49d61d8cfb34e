public import ArgumentParser
import Jobs
import Operator
import Program

/// `aventora endpoints`
public struct EndpointsCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "endpoints",
        abstract: "Show webhook subscriptions; seal their secrets with a new key; say where deliveries may go.",
        subcommands: [List.self, Show.self, Rekey.self, ExplainEndpointCommand.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all subscriptions, the oldest first.")

        @Option(help: "How many, 1 to 10000.") var limit = 200
        @OptionGroup var options: TerminalOptions

        func validate() throws {
            guard (1...EndpointStore.maximumEndpoints).contains(limit) else {
                throw ValidationError("--limit is 1 to \(EndpointStore.maximumEndpoints).")
            }
        }

        func run() async throws {
            let limit = limit
            await Session.run(options) { session in
                let page = try await session.endpointDesk.page(after: nil, limit: limit)
                try session.answer(page) { EndpointReport.lines(page.items, width: $0) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one subscription and how its deliveries go.")

        @Argument(help: "The endpoint's id.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let id = id
            await Session.run(options) { session in
                let desk = try session.endpointDesk
                guard let endpoint = try await desk.find(id), let stats = try await desk.stats(id) else {
                    throw ProgramError(.failure, "no endpoint has this id; 'aventora endpoints' shows them")
                }
                try session.answer(endpoint) { EndpointReport.lines(endpoint, stats, width: $0) }
            }
        }
    }

    struct Rekey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal every stored secret with the first key of SECRETS_KEY.",
            discussion: """
                Set SECRETS_KEY to NEW,OLD for every program, run this, then set it to NEW. Exit code 1 when something \
                cannot be opened with any of the keys.
                """)

        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await Session.run(options) { session in
                let result: Rekeying
                do {
                    result = try await Rekeying.run(try session.keyring, pool: session.pool)
                } catch let error as SecretsError {
                    throw ProgramError(.configuration, error.message)
                }
                let resource = RekeyingResource(moved: result.moved, unreadable: result.unreadable)
                try session.answer(resource) { _ in ["\(result.moved) re-keyed"] }
                guard result.unreadable.isEmpty else {
                    let ids = result.unreadable.prefix(20).joined(separator: ", ")
                    throw ProgramError(.failure, "no key opens what \(result.unreadable.count) of them hold: \(ids)")
                }
            }
        }
    }
}

/// What came of re-keying, for programs.
struct RekeyingResource: Encodable {
    let moved: Int
    let unreadable: [String]
}
