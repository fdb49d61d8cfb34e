/// Where domain-chatbot is, and how its super-administrator shows who he is.
public struct ChatbotAccess: Sendable, Hashable, CustomStringConvertible {
    /// The ways.
    public enum Login: Sendable, Hashable {
        /// A token that he has already.
        case token(WebhookSecret)
        /// A name and a password, for which there is a token.
        case password(username: String, WebhookSecret)
    }

    /// Its base.
    public let url: String
    /// One way.
    public let login: Login

    /// An access.
    public init(url: String, login: Login) { (self.url, self.login) = (url, login) }

    /// Without anything of it.
    public var description: String { "<access to domain-chatbot>" }

    /// What must not show.
    var secret: String {
        switch login {
        case .token(let secret), .password(_, let secret): secret.revealed
        }
    }
}
