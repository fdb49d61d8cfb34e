public import ArgumentParser
import Operator
import Program

/// `aventora status`
public struct StatusCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the whole system at one look.",
        discussion: """
            Exit code 0 when all is well, 1 when something is wrong, 69 when Redis or Postgres cannot be used; what it is \
            stands in the answer. Buried jobs and paused queues are only mentioned.
            """
    )

    @Option(
        help: ArgumentHelp(
            "A ready job that waits longer than this is wrong, 1 to 86400.", valueName: "seconds"))
    var maximumWait = Int(StatusDesk.maximumWaitSeconds)

    @Option(help: ArgumentHelp("Look again every so many seconds, 1 to 3600, until Ctrl-C.", valueName: "seconds"))
    var watch: Int?

    @OptionGroup var options: TerminalOptions

    public init() {}

    public func validate() throws {
        guard (1...86_400).contains(maximumWait) else {
            throw ValidationError("--maximum-wait: 1 to 86400 are allowed")
        }
        if let watch, !(1...3_600).contains(watch) { throw ValidationError("--watch: 1 to 3600 are allowed") }
    }

    public func run() async throws {
        let (maximumWait, watch) = (Double(maximumWait), watch)
        await Session.run(options) { session in
            let desk = StatusDesk(queues: session.queueDesk, pool: session.pool)
            while true {
                let status = await desk.look(maximumWaitSeconds: maximumWait)
                if watch != nil, session.screen.isTerminal, !session.wantsJSON { session.screen.clear() }
                try session.answer(status) { StatusReport.lines(status, width: $0) }
                guard let watch else {
                    guard !status.ok else { return }
                    let count = status.problems.count
                    throw ProgramError(
                        status.isServerAway ? .unavailable : .failure,
                        "\(count) \(count == 1 ? "thing is" : "things are") wrong")
                }
                try await ContinuousClock().sleep(for: .seconds(watch))
            }
        }
    }
}
