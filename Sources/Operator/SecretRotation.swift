public import Basics
import Jobs

/// What `/rotate-secret` is told: `{"secret"?, "overlap_seconds"?}`, or nothing.
public struct SecretRotation: Sendable {
    /// How long the secrets before it go on signing.
    public let overlapSeconds: Int64
    private let given: JSONValue?

    /// Reads the body; an empty one asks for a secret of ours and a day.
    public init(_ body: [UInt8]) throws(InputError) {
        guard !body.isEmpty else {
            overlapSeconds = EndpointStore.standardOverlapSeconds
            given = nil
            return
        }
        let value: JSONValue
        do { value = try JSONParser.parse(body, limits: JSONLimits(bytes: 16_384, depth: 4, values: 100)) } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            throw InputError(problems: [.init(pointer: "", detail: "An object is expected.")])
        }
        var problems: [FieldProblem] = []
        for member in object.members where !["secret", "overlap_seconds"].contains(member.key) {
            problems.append(.init(pointer: "/\(member.key)", detail: "No such field is known."))
        }
        let range = EndpointStore.overlapSeconds
        switch object["overlap_seconds"] {
        case nil, .null?: overlapSeconds = EndpointStore.standardOverlapSeconds
        case let number?:
            overlapSeconds = number.integer ?? -1
            if !range.contains(overlapSeconds) {
                let detail = "A whole number from \(range.lowerBound) to \(range.upperBound) is expected."
                problems.append(.init(pointer: "/overlap_seconds", detail: detail))
            }
        }
        given = object["secret"].flatMap { $0.isNull ? nil : $0 }
        guard problems.isEmpty else { throw InputError(problems: problems) }
    }

    /// The given secret; nil when one is to be made.
    func secret(for scheme: SigningScheme) throws(InputError) -> EndpointSecret? {
        guard let given else { return nil }
        guard let text = given.string else {
            throw InputError(problems: [.init(pointer: "/secret", detail: "A string is expected.")])
        }
        do {
            return try EndpointSecret(text, for: scheme)
        } catch {
            throw InputError(problems: [.init(pointer: "/secret", detail: error.description)])
        }
    }
}
