internal import Basics
internal import Logging

extension LogLine {
    func jsonBytes() -> [UInt8] {
        let entries = flatMetadata
        var writer = head(maximumMessageBytes: nil)
        for (key, value) in entries {
            writer.key(key)
            Self.write(value, to: &writer)
        }
        writer.endObject()
        guard writer.bytes.count < DescriptorWriter.maximumLineBytes else { return shortenedJSONBytes(entries) }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// A line that would not fit: long strings are cut, then metadata that still does not fit is left out.
    private func shortenedJSONBytes(_ entries: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        var writer = head(maximumMessageBytes: 1_536)
        writer.key("truncated")
        writer.bool(true)
        for (key, value) in entries {
            let before = writer
            writer.key(key)
            if case .array = value {
                Self.write(value, to: &writer)
            } else {
                writer.string(Self.text(value), maximumBytes: 512)
            }
            // Two bytes are left for the closing bracket and the line break.
            if writer.bytes.count > DescriptorWriter.maximumLineBytes - 2 { writer = before }
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private func head(maximumMessageBytes: Int?) -> JSONWriter {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("time")
        writer.string(Timestamp(milliseconds: timeMilliseconds).iso8601)
        writer.key("level")
        writer.string(level.rawValue)
        writer.key("label")
        Self.write(label, maximumBytes: maximumMessageBytes.map { $0 / 8 }, to: &writer)
        writer.key("message")
        Self.write(message, maximumBytes: maximumMessageBytes, to: &writer)
        if let error {
            writer.key("error")
            Self.write(error, maximumBytes: maximumMessageBytes, to: &writer)
        }
        return writer
    }

    private static func write(_ text: String, maximumBytes: Int?, to writer: inout JSONWriter) {
        if let maximumBytes {
            writer.string(text, maximumBytes: maximumBytes)
        } else {
            writer.string(text)
        }
    }

    private static func write(_ value: Logger.MetadataValue, to writer: inout JSONWriter) {
        switch value {
        case .string(let text):
            writer.string(text)
        case .stringConvertible(let convertible):
            write(convertible, to: &writer)
        case .array(let elements):
            writer.beginArray()
            for element in elements { write(element, to: &writer) }
            writer.endArray()
        case .dictionary(let members):
            writer.beginObject()
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                write(member, to: &writer)
            }
            writer.endObject()
        }
    }

    private static func write(_ value: any CustomStringConvertible & Sendable, to writer: inout JSONWriter) {
        switch value {
        case let number as Int: writer.integer(number)
        case let number as Int64: writer.integer(number)
        case let number as Double: writer.double(number)
        case let boolean as Bool: writer.bool(boolean)
        default: writer.string(value.description)
        }
    }

    static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let convertible): convertible.description
        case .array, .dictionary: value.description
        }
    }
}
