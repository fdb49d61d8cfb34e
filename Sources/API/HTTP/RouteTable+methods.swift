internal import HTTPTypes

extension RouteTable {
    /// Adds a GET route, and HEAD with it. See `on`.
    public mutating func get(_ path: String, scope: AccessScope?, _ handler: @escaping Handler) {
        on(.get, path, scope: scope, handler)
    }

    /// Adds a POST route. See `on`.
    public mutating func post(_ path: String, scope: AccessScope?, _ handler: @escaping Handler) {
        on(.post, path, scope: scope, handler)
    }

    /// Adds a PUT route. See `on`.
    public mutating func put(_ path: String, scope: AccessScope?, _ handler: @escaping Handler) {
        on(.put, path, scope: scope, handler)
    }

    /// Adds a PATCH route. See `on`.
    public mutating func patch(_ path: String, scope: AccessScope?, _ handler: @escaping Handler) {
        on(.patch, path, scope: scope, handler)
    }

    /// Adds a DELETE route. See `on`.
    public mutating func delete(_ path: String, scope: AccessScope?, _ handler: @escaping Handler) {
        on(.delete, path, scope: scope, handler)
    }
}
