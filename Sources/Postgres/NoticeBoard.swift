/// Where libpq's notice callback leaves what it hears. Lives and is used on the connection's thread only; its
/// connection keeps it alive.
final class NoticeBoard {
    /// The server said that it ends this connection, though the socket may not show it yet.
    private(set) var isDoomed = false
    private let onNotice: (@Sendable (String) -> Void)?

    init(onNotice: (@Sendable (String) -> Void)?) { self.onNotice = onNotice }

    func receive(isFarewell: Bool, text: String) {
        if isFarewell { isDoomed = true }
        onNotice?(text)
    }
}
