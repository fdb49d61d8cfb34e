/// One request as it was on the wire.
package struct TargetRequest: Sendable {
    /// Such as `POST`.
    package let method: String
    /// With its query.
    package let path: String
    /// In the order they were sent, names as sent.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    /// When its last byte was read; monotonic.
    package let arrival: ContinuousClock.Instant
    /// Which connection brought it, counted from 0.
    package let connection: Int

    /// The values of a header, whatever the case of its name.
    package func values(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The one value of a header; nil when there is none, or more than one.
    package func header(_ name: String) -> String? {
        let values = values(name)
        return values.count == 1 ? values[0] : nil
    }

    /// Every header but those of the connection's own upkeep, as lines: what has to be the same on every attempt.
    package var headerLines: [String] { headers.map { "\($0.name): \($0.value)" } }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// Takes a whole head apart; nil when it is not one.
    init?(head: String, body: [UInt8], arrival: ContinuousClock.Instant, connection: Int) {
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let first = lines.first else { return nil }
        let words = first.split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
        lines.removeFirst()
        method = String(words[0])
        path = String(words[1])
        headers = lines.compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (name: String(line[..<colon]), value: String(value))
        }
        self.body = body
        self.arrival = arrival
        self.connection = connection
    }
}
