import HTTPTypes
import Hummingbird
import Queue

/// What a request says of the durability it wants: `Prefer: durability=…` (RFC 7240).
struct DurabilityPreference: Sendable {
    /// Nil: none is preferred.
    let durability: Durability?

    private static let prefer = HTTPField.Name("Prefer")
    private static let applied = HTTPField.Name("Preference-Applied")

    /// Other preferences are ignored, as the standard wants it; one for a durability that does not exist is refused, since
    /// its sender counts on it.
    init(_ request: Request) throws(Problem) {
        var wanted: Durability?
        for preference in Self.prefer.map({ request.headers[values: $0] })?.flatMap({ $0.split(separator: ",") }) ?? []
        {
            let parts = preference.split(separator: ";")[0].split(separator: "=", maxSplits: 1)
                .map { $0.filter { $0 != " " && $0 != "\"" } }
            guard parts.count == 2, parts[0].lowercased() == "durability", wanted == nil else { continue }
            guard let known = Durability(rawValue: parts[1]) else {
                let names = Durability.allCases.map(\.rawValue).joined(separator: ", ")
                throw .unprocessable([], detail: "Prefer: durability is one of \(names)")
            }
            wanted = known
        }
        durability = wanted
    }

    /// Tells a sender who preferred one which was reached: the same or a better one.
    func acknowledge(_ reached: Durability, in response: inout Response) {
        guard durability != nil, let name = Self.applied else { return }
        response.headers[name] = "durability=\(reached.rawValue)"
    }
}
