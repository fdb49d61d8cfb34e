public import HTTPTypes
public import Hummingbird
public import Logging
public import Program

/// Collects the routes of the API, then builds the router that serves them.
///
/// What it adds to a plain router: each route names its scope, which is checked before the body is read; errors of all
/// kinds, 404 and 405 included, become problems; HEAD works wherever GET does.
public struct RouteTable: Sendable {
    /// Answers a request. Whatever it throws becomes a problem.
    public typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    /// One route, as documents and tests list it.
    public struct Route: Sendable {
        /// The HTTP method.
        public let method: HTTPRequest.Method
        /// Such as `/v1/jobs/{id}`.
        public let path: String
        /// Nil: anyone.
        public let scope: AccessScope?
        let handler: Handler
    }

    /// All routes, in the order in which they were added.
    public private(set) var routes: [Route] = []

    /// An empty table.
    public init() {}

    /// Adds a route.
    ///
    /// - Parameters:
    ///   - method: not HEAD, which follows from GET.
    ///   - path: parts in braces match any text: `/v1/jobs/{id}`.
    ///   - scope: what the token must cover; nil lets anyone in.
    ///   - handler: answers.
    /// - Precondition: no two routes have the same method and path.
    public mutating func on(
        _ method: HTTPRequest.Method,
        _ path: String,
        scope: AccessScope?,
        _ handler: @escaping Handler,
    ) {
        routes.append(Route(method: method, path: path, scope: scope, handler: handler))
    }

    /// Adds `/healthz` and `/readyz`, open to anyone.
    public mutating func addHealth(_ checks: HealthChecks) {
        on(.get, "/healthz", scope: nil) { _, _ in HealthResponse.alive() }
        on(.get, "/readyz", scope: nil) { _, _ in await HealthResponse.readiness(checks) }
    }

    /// The router of these routes.
    ///
    /// - Parameters:
    ///   - authenticator: checks the scopes.
    ///   - limits: the same as the server's.
    ///   - logger: told of unexpected errors.
    public func makeResponder(
        authenticator: Authenticator,
        limits: HTTPLimits = HTTPLimits(),
        logger: Logger,
    ) -> RouterResponder<APIContext> {
        var table = PathTable()
        for route in routes { table.add(route.method, RouterPath(route.path)) }
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware(table: table, limits: limits, logger: logger))
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                guard let scope = route.scope else { return try await route.handler(request, context) }
                var context = context
                context.identity = try authenticator.authorize(request, scope: scope)
                return try await route.handler(request, context)
            }
        }
        return router.buildResponder()
    }
}
