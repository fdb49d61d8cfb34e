import Basics
import Crypto

/// What an endpoint's deliveries are ordered by: those of events with the same value are sent one after another, each when
/// the one before it has ended. The raw value is the name on the wire.
public enum EndpointOrder: String, Sendable, Hashable, CaseIterable {
    /// The call that the event is about.
    case callSID = "call_sid"
    /// The engagement that the event is about.
    case engagementID = "engagement_id"
    /// The record's id, as the payload formats show it.
    case recordID = "record_id"

    /// The order key of an event's delivery; nil for an event without the value, which waits for no other.
    func key(of event: EndpointEvent, endpointID: String) -> String? {
        guard let value = value(in: event) else { return nil }
        let prefix = Self.keyPrefix(endpointID)
        let isShort = prefix.utf8.count + value.utf8.count <= Self.maximumKeyBytes
        let isPrintable = value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        if isShort, isPrintable { return prefix + value }
        return prefix + "sha256:" + Hexadecimal.encode(Array(SHA256.hash(data: Array(value.utf8))))
    }

    /// What all order keys of an endpoint begin with.
    static func keyPrefix(_ endpointID: String) -> String { endpointID + ":" }

    private static let maximumKeyBytes = 200

    private func value(in event: EndpointEvent) -> String? {
        switch self {
        case .callSID, .engagementID: Self.text(event.source[rawValue]) ?? Self.text(event.record[rawValue])
        case .recordID: Self.text(event.record["id"])
        }
    }

    /// A number as it was written; nothing else than text and numbers names anything.
    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let text): text
        default: nil
        }
    }
}
