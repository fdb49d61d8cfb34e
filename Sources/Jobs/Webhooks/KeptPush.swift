import Basics

/// The arguments of an `engagement.push` once its body is built: the body is kept, byte for byte, so that every attempt
/// sends the same.
struct KeptPush: Sendable, Hashable {
    /// What the push needs besides its body.
    let arguments: PushArguments
    /// The body and the log's view of it; nil before the first attempt.
    let body: [UInt8]?

    private static let key = "body"

    /// Reads both forms.
    init(_ bytes: [UInt8]) throws(InputError) {
        arguments = try PushArguments.decode(bytes)
        body = try PushArguments.object(bytes)[Self.key]?.string.map { Array($0.utf8) }
    }

    /// The arguments with the body, if there is one, as text: JSON inside a JSON string keeps every byte.
    static func encode(_ arguments: PushArguments, body: [UInt8]?) -> [UInt8] {
        var writer = JSONWriter(capacity: (body?.count ?? 0) + 1_024)
        writer.beginObject()
        writer.key("target")
        writer.string(arguments.target.rawValue)
        writer.key("delivery_type")
        writer.string(arguments.deliveryType.rawValue)
        if let messageID = arguments.messageID {
            writer.key("message")
            writer.string(messageID)
        }
        if let replayOf = arguments.replayOf {
            writer.key("replay_of")
            writer.string(replayOf)
        }
        writer.key("event")
        // The built body holds what the event's data said.
        arguments.event.write(to: &writer)
        if let body {
            writer.key(key)
            writer.string(String(decoding: body, as: UTF8.self))
        }
        writer.endObject()
        return writer.bytes
    }
}
