// A batch is one insert: one bad record fails all. What Twenty refuses is halved until the bad ones stand alone; what it
// cannot do now (a limit, an outage) is left undone for all that are left, since the next call would hear the same.

public import Basics

extension TwentyClient {
    /// Makes or changes records, in batches; what became of each, in the order given.
    ///
    /// Running it again is harmless. Each record needs an `id`, or the field that is unique for its kind (a person's
    /// `emails.primaryEmail`, a company's `domainName.primaryLinkUrl`); by these the answers are told apart. A record whose
    /// failure is retriable was not refused, and may have been written.
    ///
    /// - Returns: as many results as records. Costs one call for each ``batchLimit`` records, and up to twice as many as
    ///   there are records where some are refused.
    public func upsert(
        _ object: TwentyObject, _ records: [JSONObject]
    ) async -> [Result<TwentyRecord, TwentyError>] {
        var results: [Result<TwentyRecord, TwentyError>?] = Array(repeating: nil, count: records.count)
        // A stack of ranges, the first on top.
        var ranges: [Range<Int>] = []
        for start in stride(from: 0, to: records.count, by: Self.batchLimit).reversed() {
            ranges.append(start..<min(start + Self.batchLimit, records.count))
        }
        var end: TwentyError?
        while end == nil, let range = ranges.popLast() {
            do throws(TwentyError) {
                let answers = try await upsertOnce(object, Array(records[range]))
                let matched = TwentyBatchMatch(object: object, answers: answers).records(Array(records[range]))
                for (index, record) in zip(range, matched) {
                    results[index] = record.map { .success($0) } ?? .failure(Self.unexpected("a record is missing"))
                }
            } catch {
                if Self.stopsAll(error) {
                    end = error
                    for index in range { results[index] = .failure(error) }
                } else if range.count == 1 {
                    results[range.lowerBound] = .failure(error)
                } else {
                    let middle = range.lowerBound + range.count / 2
                    ranges.append(middle..<range.upperBound)
                    ranges.append(range.lowerBound..<middle)
                }
            }
        }
        let left = end ?? TwentyError(.interrupted, "the batch was left")
        return results.map { $0 ?? .failure(left) }
    }

    /// Whether the other records of a batch would fare no better: everything but what can be the fault of one of them. A
    /// 400 that tells nothing may be one's.
    private static func stopsAll(_ error: TwentyError) -> Bool {
        switch error.code {
        case .validationError, .duplicate, .ambiguous: false
        case .serverError: error.status != 400
        case .notFound: error.status != 400
        default: true
        }
    }
}

/// Tells which answer belongs to which record of a batch, since their order says nothing.
struct TwentyBatchMatch {
    private let uniquePath: String?
    private var byID: [String: TwentyRecord] = [:]
    private var byUnique: [String: TwentyRecord] = [:]

    init(object: TwentyObject, answers: [TwentyRecord]) {
        uniquePath =
            switch object {
            case .people: "emails.primaryEmail"
            case .companies: "domainName.primaryLinkUrl"
            default: nil
            }
        for answer in answers {
            byID[answer.id] = answer
            if let key = uniquePath.flatMap({ answer.text($0) }).map({ Self.key(object, $0) }) {
                byUnique[key] = answer
            }
        }
        self.object = object
    }

    private let object: TwentyObject

    /// For each record its answer: by the id that was sent, else by the unique field.
    func records(_ records: [JSONObject]) -> [TwentyRecord?] {
        records.map { record in
            if let id = record["id"]?.string, let answer = byID[id.lowercased()] ?? byID[id] { return answer }
            guard let path = uniquePath else { return nil }
            var value: JSONValue? = .object(record)
            for name in path.split(separator: ".") { value = value?.object?[String(name)] }
            return value?.string.flatMap { byUnique[Self.key(object, $0)] }
        }
    }

    private static func key(_ object: TwentyObject, _ text: String) -> String {
        object == .companies ? TwentyCompany.link(text) : text.lowercased()
    }
}
