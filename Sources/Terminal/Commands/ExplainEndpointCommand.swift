import ArgumentParser
import Guard
import Jobs
import Program

/// `aventora endpoints explain`
struct ExplainEndpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what the guard thinks of a URL: where it leads, what is refused, and why.",
        discussion: """
            Looks the name up as a worker with the same variables on this machine would, and connects to nothing. A delivery \
            judges the address again when it dials, so a name may lead elsewhere by then. Exit code 0 when deliveries may \
            go there, 1 when they may not or the name has no address. docs/guard.md tells what each reason means.
            """
    )

    @Argument(help: "The URL, as in a target's settings.") var url: String
    @OptionGroup var options: TerminalOptions

    func run() async throws {
        let text = url
        await Session.run(options) { session in
            let outbound = try OutboundSettings.addressGuard(session.settings)
            let explanation: EndpointExplanation
            do throws(WebhookURL.Fault) {
                let url = try WebhookURL(text)
                let port = UInt16(truncatingIfNeeded: url.port)
                explanation = EndpointExplanation(url, await outbound.judge(url.target, port: port))
            } catch {
                explanation = EndpointExplanation(error)
            }
            try session.answer(explanation) { explanation.lines(width: $0) }
            guard explanation.allowed else {
                throw ProgramError(.failure, "deliveries do not go there: \(explanation.reason ?? "refused")")
            }
        }
    }
}
