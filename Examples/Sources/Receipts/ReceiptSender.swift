public import Queue

/// Runs the jobs: what they need beside their arguments is here.
public struct ReceiptSender: Sendable {
    private let mailer: any Mailer

    public init(mailer: any Mailer) {
        self.mailer = mailer
    }

    public var registry: JobRegistry {
        let mailer = mailer
        var registry = JobRegistry()
        registry.register(SendReceipt.self, run: send)
        registry.register(DailyDigest.self) { _, context in
            let text = "All orders of the day"
            let answer = try await mailer.send(id: "\(context.id)", to: "office@example.com", text: text)
            guard case .sent = answer else { return .retry(reason: "\(answer)") }
            return .done()
        }
        return registry
    }

    private func send(_ job: SendReceipt, _ context: RunningJob) async throws -> JobOutcome {
        let text = job.language == "de" ? "Danke für Bestellung \(job.order)." : "Thank you for order \(job.order)."
        switch try await mailer.send(id: "\(context.id)", to: job.address, text: text) {
        case .sent:
            return .done()
        case .busy(let milliseconds):
            return .retry(reason: "the mail server is busy", notBeforeMilliseconds: milliseconds)
        case .refused:
            return .bury(reason: "no such address")
        }
    }
}
