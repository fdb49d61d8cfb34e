import Basics
import TestKit
import Testing

@testable import Jobs

/// Webhooks that are lost, late and out of order, beside a reconciliation that looks now and then.
@Suite(.timeLimit(.minutes(2)))
struct ToldRecordTests {
    private func change(
        _ source: InboundChange.Source, _ action: InboundChange.Action, updated: Int64?, deleted: Int64? = nil
    ) -> InboundChange {
        var record: JSONObject = ["id": .string("r")]
        func add(_ key: String, _ seconds: Int64?) {
            guard let seconds else { return }
            let text = Timestamp(milliseconds: seconds * 1_000).iso8601
            record.members.append(.init(key: key, value: .string(text)))
        }
        add("updatedAt", updated)
        add("deletedAt", deleted)
        return InboundChange(
            source: source, key: "k", object: "person", action: action, workspaceID: "w", webhookID: nil,
            at: Timestamp(milliseconds: 0), record: record, previous: nil, updatedFields: [], actor: JSONObject())
    }

    /// Steps as `w created 1` (a webhook), `r updated 5` (found by the reconciliation), each with what is told of it.
    @Test(arguments: [
        // Nothing was lost.
        [("w created 1", "created"), ("w updated 2", "updated"), ("r updated 2", "-"), ("w deleted 2", "deleted")],
        // Late and out of order, all is told.
        [("w updated 3", "updated"), ("w updated 2", "updated"), ("w created 1", "created"), ("r created 3", "-")],
        // An update was lost; it comes after all, late.
        [("w created 1", "created"), ("r updated 4", "updated"), ("w updated 4", "-"), ("w updated 5", "updated")],
        // The creation was lost, alone and with an update.
        [("r created 1", "created"), ("w created 1", "-"), ("w updated 2", "updated")],
        [("w updated 2", "updated"), ("r created 2", "created"), ("w created 1", "-"), ("r created 2", "-")],
        // Found as new, and by then told: what has changed since is told.
        [("w created 1", "created"), ("r created 3", "updated"), ("w updated 3", "-")],
        // Into the trash and out of it.
        [("w created 1", "created"), ("r deleted 5 5", "deleted"), ("w deleted 1", "-"), ("r deleted 5 5", "-")],
        [("w deleted 2", "deleted"), ("r deleted 5 5", "-"), ("r updated 7", "restored"), ("w restored 7", "-")],
        [("w deleted 2", "deleted"), ("w restored 7", "restored"), ("r updated 7", "-"), ("r deleted 5 5", "-")],
        [("w deleted 2", "deleted"), ("w updated 8", "updated"), ("r updated 8", "-"), ("r deleted 9 9", "deleted")],
        // A page that was read before the deletion, worked off after it.
        [("w updated 2", "updated"), ("w deleted 2", "deleted"), ("r updated 2", "-")],
        // A deletion that is so late that the record is back.
        [("w created 1", "created"), ("r updated 7", "updated"), ("w deleted 4 4", "-"), ("w deleted 7", "deleted")],
        [("w restored 7", "restored"), ("w deleted 4 4", "deleted"), ("r updated 9", "updated")],
        // What is gone for good may come again under the same id.
        [("w destroyed 2", "destroyed"), ("w created 9", "created"), ("r updated 10", "updated")],
        // Without a time nothing can be compared.
        [("w updated", "updated"), ("w updated", "updated"), ("r updated", "-")],
    ])
    func tells(_ steps: [(String, String)]) {
        var told = ToldRecord()
        for (step, expected) in steps {
            let words = step.split(separator: " ").map(String.init)
            let change = change(
                words[0] == "w" ? .webhook : .reconciliation, InboundChange.Action(rawValue: words[1]) ?? .updated,
                updated: words.count > 2 ? Int64(words[2]) : nil, deleted: words.count > 3 ? Int64(words[3]) : nil)
            #expect(told.tell(change)?.rawValue ?? "-" == expected, "\(steps): \(step)")
        }
    }

    /// A record lives; each of its changes is told by a webhook or lost, at once or late; the reconciliation looks in between and
    /// at the end. Then whoever listened knows the record's last state, and was told nothing twice.
    @Test func nothingIsMissingAndNothingIsToldTwice() {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            if !lives(&random) {
                Issue.record("seed \(seed)")
                return
            }
        }
    }

    private func lives(_ random: inout SeededRandom) -> Bool {
        var told = ToldRecord()
        // By moment: what was told of it.
        var heard: [(action: InboundChange.Action, moment: Int64)] = []
        var late: [InboundChange] = []
        func tell(_ change: InboundChange, _ moment: Int64) {
            if let action = told.tell(change) { heard.append((action, moment)) }
        }
        func moment(_ change: InboundChange) -> Int64 { (change.deletedAt ?? change.updatedAt ?? 0) / 1_000_000 }
        var (updated, deleted): (Int64, Int64?) = (1, nil)
        for time in 1...Int64.random(in: 2...8, using: &random) {
            let action: InboundChange.Action
            if time == 1 {
                action = .created
            } else if deleted != nil {
                action = .restored
            } else {
                action = Bool.random(using: &random) ? .updated : .deleted
            }
            deleted = action == .deleted ? time : nil
            updated = time
            let change = change(.webhook, action, updated: updated, deleted: deleted)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: tell(change, time)
            case 1: late.append(change)
            default: break
            }
            if Int.random(in: 0..<3, using: &random) == 0, !late.isEmpty {
                let change = late.remove(at: Int.random(in: 0..<late.count, using: &random))
                tell(change, moment(change))
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                tell(self.change(.reconciliation, .created, updated: updated, deleted: deleted), updated)
            }
        }
        tell(change(.reconciliation, .created, updated: updated, deleted: deleted), updated)
        let before = heard.count
        tell(change(.reconciliation, .created, updated: updated, deleted: deleted), updated)
        // The last state is known, and looking again finds nothing. One that was deleted twice is gone all the same.
        let isKnown = heard.contains { $0.moment == updated } || (deleted != nil && told.removedBy != nil)
        guard heard.count == before, isKnown else { return false }
        // Nothing is told twice under the same name.
        for (index, one) in heard.enumerated() {
            if heard[..<index].contains(where: { $0.action == one.action && $0.moment == one.moment }) { return false }
        }
        let creations = heard.filter { $0.action == .created }.count
        return deleted == nil ? creations == 1 : creations <= 1
    }
}
