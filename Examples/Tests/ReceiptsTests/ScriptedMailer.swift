import Queue
import Receipts

/// Answers as it is told, and remembers what it was asked.
actor ScriptedMailer: Mailer {
    struct Mail: Equatable {
        let id: String
        let address: String
    }

    private var answers: [MailAnswer]
    private(set) var mails: [Mail] = []

    init(_ answers: [MailAnswer]) {
        self.answers = answers
    }

    func send(id: String, to address: String, text: String) -> MailAnswer {
        mails.append(Mail(id: id, address: address))
        return answers.isEmpty ? .sent : answers.removeFirst()
    }
}

/// Never answers in time.
struct HangingMailer: Mailer {
    let clock: SimulationClock

    func send(id: String, to address: String, text: String) async throws -> MailAnswer {
        try await clock.sleep(milliseconds: 3_600_000)
        return .sent
    }
}
