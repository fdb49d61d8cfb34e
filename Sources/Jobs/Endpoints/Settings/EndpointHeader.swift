import Basics
import Guard

/// A header that an endpoint's owner adds to each delivery. Its value may be a token, so it is kept like a secret: it
/// shows in no description and no answer.
public struct EndpointHeader: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// Most headers of one endpoint.
    public static let maximumCount = CustomHeaders.maximumCount
    /// Most bytes of a name.
    public static let maximumNameBytes = 100
    /// Most bytes of a value.
    public static let maximumValueBytes = 4_096
    /// Most bytes of all of them.
    public static let maximumTotalBytes = CustomHeaders.maximumBytes

    /// As it is sent.
    public let name: String
    /// For the request and nothing else.
    public let revealedValue: String

    init(name: String, revealedValue: String) {
        self.name = name
        self.revealedValue = revealedValue
    }

    /// The name alone.
    public var description: String { "\(name): <secret>" }
    /// The name alone.
    public var debugDescription: String { description }
    /// The name alone.
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }

    /// Why a name cannot be taken, as a sentence; nil when it can.
    static func fault(name: String) -> String? {
        guard name.utf8.count <= maximumNameBytes else {
            return "A header's name has at most \(maximumNameBytes) bytes."
        }
        do throws(HeaderField.Fault) {
            _ = try HeaderField(name: name, value: "")
        } catch {
            return "It cannot be sent: \(error)."
        }
        if SigningScheme.headerNames.contains(name.lowercased()) { return "This header is set by the sender." }
        return CustomHeaders.owner(of: name).map { "This header is not free: it \($0)." }
    }

    /// Why a value cannot be taken, as a sentence; nil when it can. A line end would begin a header of its own.
    static func fault(value: String) -> String? {
        guard value.utf8.count <= maximumValueBytes, value.utf8.allSatisfy({ 0x20...0x7E ~= $0 }),
            value.first != " ", value.last != " "
        else { return "A header's value is at most \(maximumValueBytes) printable ASCII characters." }
        return nil
    }
}

extension [EndpointHeader] {
    /// `{"name": "value"}`, with the values.
    var json: JSONObject {
        JSONObject(members: map { .init(key: $0.name, value: .string($0.revealedValue)) })
    }

    /// Reads ``json``; nil for anything else.
    init?(json: JSONObject) {
        var headers: [EndpointHeader] = []
        for member in json.members {
            guard let value = member.value.string else { return nil }
            headers.append(EndpointHeader(name: member.key, revealedValue: value))
        }
        self = headers
    }
}

extension FieldReader {
    /// `{"name": "value"}`.
    mutating func endpointHeaders(_ key: String) -> [EndpointHeader]? {
        guard let object = nested(key) else { return nil }
        var fields = FieldReader(object, prefix: prefix + FieldProblem.token(key))
        var headers: [EndpointHeader] = []
        for member in object.members {
            if let fault = EndpointHeader.fault(name: member.key) {
                fields.report(member.key, fault)
            } else if headers.contains(where: { $0.name.lowercased() == member.key.lowercased() }) {
                fields.report(member.key, "This header stands there twice; case makes no difference.")
            } else if let value = member.value.string {
                if let fault = EndpointHeader.fault(value: value) { fields.report(member.key, fault) }
                headers.append(EndpointHeader(name: member.key, revealedValue: value))
            } else {
                fields.report(member.key, "A string is expected, not \(member.value.kindName).")
            }
        }
        append(fields.problems)
        if headers.count > EndpointHeader.maximumCount {
            report(key, "At most \(EndpointHeader.maximumCount) headers are allowed; these are \(headers.count).")
        } else if headers.reduce(0, { $0 + $1.name.utf8.count + $1.revealedValue.utf8.count })
            > EndpointHeader.maximumTotalBytes
        {
            report(key, "All headers together have at most \(EndpointHeader.maximumTotalBytes) bytes.")
        }
        return fields.problems.isEmpty ? headers : nil
    }
}
