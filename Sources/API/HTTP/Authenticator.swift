internal import HTTPTypes
public import Hummingbird

/// Lets a request in by its `Authorization: Bearer` token.
public struct Authenticator: Sendable {
    private let tokens: TokenStore

    /// Accepts these tokens.
    public init(tokens: TokenStore) {
        self.tokens = tokens
    }

    /// Who sent `request`, if they may do what `scope` covers. Reads the head only, never the body.
    ///
    /// - Throws: 401 with `WWW-Authenticate: Bearer` without a good token, 403 when the token lacks the scope.
    public func authorize(_ request: Request, scope: AccessScope) throws(Problem) -> Identity {
        guard let token = Self.bearerToken(request.headers[.authorization]) else {
            throw .unauthorized("expected Authorization: Bearer TOKEN")
        }
        guard let identity = tokens.identity(ofToken: token) else {
            throw .unauthorized("the token is not accepted")
        }
        guard identity.scopes.contains(scope) else {
            throw .forbidden("the token lacks the scope \(scope.rawValue)")
        }
        return identity
    }

    /// The token of a header value; the word before it is matched in any case.
    static func bearerToken(_ header: String?) -> String? {
        guard let header, let space = header.firstIndex(of: " ") else { return nil }
        guard header[..<space].lowercased() == "bearer" else { return nil }
        let token = header[space...].drop { $0 == " " }
        return token.isEmpty || token.contains(" ") ? nil : String(token)
    }
}
