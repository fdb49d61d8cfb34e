// From a job to the bytes in its envelope and back, by Foundation's JSON: about 10 µs for a small job, outside the engine.
// Dates and data go as `JSONEncoder` writes them by default, which loses nothing.

internal import FoundationEssentials

extension Job {
    /// - Throws: ``QueueError/Code/invalidJob`` for what JSON cannot say (a number that is not finite) or what the type's
    ///   own `encode(to:)` refuses.
    func encodedArguments() throws(QueueError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self))
        } catch let error as EncodingError {
            throw QueueError(.invalidJob, "'\(Self.definition.kind)' cannot be encoded: \(error.place)")
        } catch {
            throw QueueError(.invalidJob, "'\(Self.definition.kind)' cannot be encoded: \(error)")
        }
    }

    /// - Throws: ``UnreadableArguments``, or what the type's own decoding or migration throws.
    static func decode(_ arguments: [UInt8], version: Int) throws -> Self {
        let stored = StoredArguments(kind: definition.kind, version: version, bytes: arguments)
        guard version >= definition.version else { return try migrate(stored) }
        return try stored.decode(as: Self.self)
    }
}

extension EncodingError {
    fileprivate var place: String {
        guard case .invalidValue(_, let context) = self else { return "a value is not allowed" }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return "the value of '\(path)' is not allowed"
    }
}
