internal import HTTPTypes
internal import Hummingbird

/// Which methods each path has, to tell an unknown path (404) from a known one with another method (405).
///
/// Only asked when the router has found nothing, so a walk over all paths is quick enough.
struct PathTable: Sendable {
    private struct Entry: Sendable {
        let path: RouterPath
        var methods: Set<HTTPRequest.Method>
    }

    private var entries: [String: Entry] = [:]

    mutating func add(_ method: HTTPRequest.Method, _ path: RouterPath) {
        entries[path.description, default: Entry(path: path, methods: [])].methods.insert(method)
        // The router answers HEAD wherever there is GET.
        if method == .get { entries[path.description]?.methods.insert(.head) }
    }

    func problem(for request: Request) -> Problem {
        let allowed = methods(of: request.uri.path)
        guard !allowed.isEmpty else { return .notFound("there is nothing at this path") }
        var problem = Problem(
            .methodNotAllowed, detail: "this path does not have the method \(request.method.rawValue)")
        problem.allow = allowed.sorted { $0.rawValue < $1.rawValue }
        return problem
    }

    /// The methods of the most specific path that matches; a literal part is more specific than a captured one.
    func methods(of path: String) -> Set<HTTPRequest.Method> {
        let parts = path.split(separator: "/")
        var best: Entry?
        for entry in entries.values where Self.matches(entry.path, parts) {
            if let current = best, !Self.isMoreSpecific(entry.path, than: current.path, parts) { continue }
            best = entry
        }
        return best?.methods ?? []
    }

    private static func matches(_ path: RouterPath, _ parts: [Substring]) -> Bool {
        path.count == parts.count && zip(path, parts).allSatisfy { element, part in element ~= part }
    }

    private static func isMoreSpecific(_ path: RouterPath, than other: RouterPath, _ parts: [Substring]) -> Bool {
        for (index, part) in parts.enumerated() {
            let isLiteral = path[index] == part
            if isLiteral != (other[index] == part) { return isLiteral }
        }
        return false
    }
}
