public import Hummingbird

/// What a handler knows about its request beside the request itself.
public struct APIContext: RequestContext {
    /// What the router needs.
    public var coreContext: CoreRequestContextStorage
    /// Names this request in logs and in the answer's `x-request-id`. Unique across restarts and machines.
    public let requestID: String
    /// Who sent the request; nil on a route without a scope.
    public var identity: Identity?

    /// Made by the server for each request.
    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = RequestName.next()
    }

    /// The part of the path that the route calls `{name}`, with its percent escapes decoded.
    ///
    /// - Throws: 400 when an escape is wrong.
    public func pathParameter(_ name: String) throws(Problem) -> String {
        guard let raw = parameters.get(name) else { throw .badRequest("expected \(name) in the path") }
        guard let text = PercentEncoding.decode(raw) else { throw .badRequest("expected valid escapes in the path") }
        return text
    }
}
