public import Queue
import Threads

/// The mappings that this process has used lately: the first place where a record is looked for.
public final class MappingCache: Sendable {
    /// How long one is trusted, in ms.
    public static let freshMilliseconds: Int64 = 300_000
    /// Most of them; beyond it the whole memory is dropped.
    public static let maximumCount = 50_000

    private struct Key: Hashable {
        let bucket: String
        let kind: SyncKind
        let externalID: String
    }

    private struct Entry {
        let id: String
        let untilMilliseconds: Int64
    }

    private let clock: any MonotonicClock
    private let entries = Locked<[Key: Entry]>([:])

    /// An empty memory.
    public init(clock: any MonotonicClock) { self.clock = clock }

    /// The id in Twenty, if it is remembered.
    func find(_ bucket: String, _ kind: SyncKind, _ externalID: String) -> String? {
        let key = Key(bucket: bucket, kind: kind, externalID: externalID)
        let now = clock.nowMilliseconds
        return entries.withLock { entries in
            guard let entry = entries[key] else { return nil }
            guard now < entry.untilMilliseconds else {
                entries[key] = nil
                return nil
            }
            return entry.id
        }
    }

    func remember(_ bucket: String, _ mappings: [SyncMapping]) {
        let until = clock.nowMilliseconds + Self.freshMilliseconds
        entries.withLock { entries in
            if entries.count + mappings.count > Self.maximumCount { entries.removeAll() }
            for mapping in mappings.prefix(Self.maximumCount) {
                let key = Key(bucket: bucket, kind: mapping.kind, externalID: mapping.externalID)
                entries[key] = Entry(id: mapping.id, untilMilliseconds: until)
            }
        }
    }

    func forget(_ bucket: String, _ mapping: SyncMapping) {
        let key = Key(bucket: bucket, kind: mapping.kind, externalID: mapping.externalID)
        entries.withLock { $0[key] = nil }
    }
}
