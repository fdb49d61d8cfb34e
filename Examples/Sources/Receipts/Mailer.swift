/// What can become of a mail.
public enum MailAnswer: Sendable {
    case sent
    /// Try again, not before then.
    case busy(afterMilliseconds: Int64)
    /// There is no such address.
    case refused
}

/// Something that sends mails.
public protocol Mailer: Sendable {
    /// - Parameter id: the same for the same mail, so that one sent twice arrives once.
    func send(id: String, to address: String, text: String) async throws -> MailAnswer
}

/// Stands for a mail server.
public struct PrintingMailer: Mailer {
    public init() {}

    public func send(id: String, to address: String, text: String) -> MailAnswer {
        print("\(id) to \(address): \(text)")
        return .sent
    }
}
