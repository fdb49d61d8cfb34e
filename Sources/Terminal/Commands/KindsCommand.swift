import ArgumentParser
import Jobs
import Operator
import Queue

/// `aventora jobs kinds`
struct KindsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kinds",
        abstract: "Show the kinds of job; --json shows the form of their arguments as well.",
        discussion: "It asks no server."
    )

    @OptionGroup var options: TerminalOptions

    func run() async throws {
        await Session.run(options) { session in
            let catalogue = try session.catalogue
            if session.wantsJSON {
                session.screen.write(String(decoding: catalogue.page, as: UTF8.self) + "\n")
            } else {
                session.screen.write(lines: KindReport.lines(catalogue.kinds, width: session.screen.width))
            }
        }
    }
}

/// Kinds of job as a table.
enum KindReport {
    static func lines(_ kinds: [KindDescription], width: Int?) -> [String] {
        var table = Table([.text("KIND"), .text("QUEUE"), .number("ATTEMPTS"), .sentence("WHAT IT DOES")])
        table.rows = kinds.map { [$0.name, $0.queue.description, "\($0.retry.attempts)", $0.summary] }
        return table.lines(width: width)
    }
}
