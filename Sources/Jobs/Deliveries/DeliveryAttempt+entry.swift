// The form in which a row waits in Redis while Postgres is away: a line with three lengths, then the row as JSON without its
// two byte strings, then those as they are. Another release may read it: a member may be added only if it is optional.

import FoundationEssentials
import Queue

extension DeliveryAttempt {
    /// The row for the engine to keep. Writing it twice is one entry.
    func entry() throws(EncodingError) -> LogEntry {
        var row = self
        row.payload = nil
        row.exchange?.responseBody = []
        let json: Data
        do { json = try JSONEncoder().encode(row) } catch let error as EncodingError { throw error } catch {
            throw EncodingError.invalidValue(row.fence, .init(codingPath: [], debugDescription: "\(error)"))
        }
        let body = exchange?.responseBody ?? []
        var bytes = Array("\(json.count) \(body.count) \(payload.map { "\($0.count)" } ?? "-")\n".utf8)
        bytes.reserveCapacity(bytes.count + json.count + body.count + (payload?.count ?? 0))
        bytes.append(contentsOf: json)
        bytes.append(contentsOf: body)
        if let payload { bytes.append(contentsOf: payload) }
        return LogEntry(name: "\(delivery.id) \(fence)", bytes: bytes)
    }

    /// Reads what ``entry()`` wrote; nil for anything else.
    init?(_ entry: LogEntry) {
        guard let lineEnd = entry.bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = String(decoding: entry.bytes[..<lineEnd], as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let jsonCount = Int(words[0]), let bodyCount = Int(words[1]) else { return nil }
        let payloadCount = words[2] == "-" ? 0 : Int(words[2]) ?? -1
        let rest = entry.bytes[(lineEnd + 1)...]
        guard min(jsonCount, bodyCount, payloadCount) >= 0, jsonCount <= rest.count, bodyCount <= rest.count,
            rest.count - jsonCount - bodyCount == payloadCount
        else { return nil }
        let bodyStart = rest.startIndex + jsonCount
        do {
            self = try JSONDecoder().decode(DeliveryAttempt.self, from: Data(rest[..<bodyStart]))
        } catch {
            return nil
        }
        exchange?.responseBody = Array(rest[bodyStart..<(bodyStart + bodyCount)])
        if words[2] != "-" { payload = Array(rest[(bodyStart + bodyCount)...]) }
    }
}
