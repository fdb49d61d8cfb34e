package import Logging

/// One log line before it has a form. Holds values only, so that its two forms can be tested without a logger.
package struct LogLine: Sendable {
    package var timeMilliseconds: Int64
    package var level: Logger.Level
    package var label: String
    package var message: String
    package var error: String?
    package var metadata: Logger.Metadata

    package init(
        timeMilliseconds: Int64,
        level: Logger.Level,
        label: String,
        message: String,
        error: String? = nil,
        metadata: Logger.Metadata = [:],
    ) {
        self.timeMilliseconds = timeMilliseconds
        self.level = level
        self.label = label
        self.message = message
        self.error = error
        self.metadata = metadata
    }

    /// The bytes of the line, with the line break, never more than `DescriptorWriter.maximumLineBytes`.
    package func bytes(_ format: LogFormat) -> [UInt8] {
        switch format {
        case .json: jsonBytes()
        case .text: textBytes()
        }
    }

    /// Metadata without nesting (`a.b`), in the order of its keys. A key that the line itself uses gets the prefix
    /// `metadata.`.
    var flatMetadata: [(key: String, value: Logger.MetadataValue)] {
        var flat: [(key: String, value: Logger.MetadataValue)] = []
        flat.reserveCapacity(metadata.count)
        for (key, value) in metadata {
            Self.flatten(Self.reservedKeys.contains(key) ? "metadata." + key : key, value, into: &flat)
        }
        flat.sort { $0.key < $1.key }
        var previous: String?
        flat.removeAll { entry in
            defer { previous = entry.key }
            return entry.key == previous
        }
        return flat
    }

    private static let reservedKeys: Set<String> = ["time", "level", "label", "message", "error", "truncated"]

    private static func flatten(
        _ key: String,
        _ value: Logger.MetadataValue,
        into flat: inout [(key: String, value: Logger.MetadataValue)],
    ) {
        guard case .dictionary(let members) = value else { return flat.append((key, value)) }
        for (name, member) in members {
            flatten(key + "." + name, member, into: &flat)
        }
    }
}
