import ArgumentParser
import Basics
import Jobs
import Operator

extension ReplaysCommand {
    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send the deliveries of a range of time again, or say with --dry-run how many that would be.")

        @Option(help: ArgumentHelp("Those asked for at this ISO-8601 time or later.", valueName: "time"))
        var from: String
        @Option(help: ArgumentHelp("Those asked for before this ISO-8601 time.", valueName: "time")) var to: String
        @Option(help: "Only delivered, failed or cancelled ones.") var state: String?
        @Option(help: "Only to this target, such as twenty.") var target: String?
        @Option(help: "Only of this subscription.") var endpoint: String?
        @Option(help: "Only of events of this type.") var eventType: String?
        @Option(help: "Only of this account.") var domainName: String?
        @Option(help: "Deliveries a second, 1 to 1000.") var pace = Replay.standardPace
        @Flag(help: "Only count.") var dryRun = false
        @Flag(help: "Show how far it is until it has ended.") var wait = false
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let (body, wait) = (body, wait)
            await Session.run(options) { session in
                let desk = try session.replayDesk
                let request = try ReplayRequest.decode(body)
                if request.isDryRun {
                    let count = try await ReplaysCommand.refusable { try await desk.count(request) }
                    return try session.answer(count) { ReplayReport.lines(count, width: $0) }
                }
                var replay = try await ReplaysCommand.refusable { try await desk.start(request) }
                if wait { replay = try await ReplaysCommand.follow(replay.id, session, desk) ?? replay }
                let now = session.clock.nowMilliseconds()
                try session.answer(replay) { [replay] _ in ReplayReport.lines(replay, nowMilliseconds: now) }
            }
        }

        /// As it would be posted.
        private var body: [UInt8] {
            let texts = [
                ("from", from), ("to", to), ("state", state), ("target", target), ("endpoint", endpoint),
                ("event_type", eventType), ("domain_name", domainName),
            ]
            var members = texts.compactMap { key, value in
                value.map { JSONObject.Member(key: key, value: .string($0)) }
            }
            members.append(.init(key: "pace_per_second", value: .number("\(pace)")))
            members.append(.init(key: "dry_run", value: .bool(dryRun)))
            return JSONValue.object(JSONObject(members: members)).encoded()
        }
    }
}
