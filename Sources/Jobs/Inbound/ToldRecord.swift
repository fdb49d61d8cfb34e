// Twenty tells each change at most once, now and then twice, and in no order; and the reconciliation tells what Twenty did
// not. The two must not tell the same change: what came first counts. All changes of one record are judged one after the
// other, under the lock of its row.

/// What has been told of one record. A pure state machine: a change goes in, and what is to be told of it comes out.
struct ToldRecord: Sendable, Hashable {
    /// The newest `updatedAt` that was told, in µs.
    var toldAt: Int64?
    /// Everything up to this `updatedAt` was told by the reconciliation, in µs.
    var reconciledAt: Int64?
    /// Who told that it was created.
    var createdBy: InboundChange.Source?
    /// Who told that it is gone; nil while it is there.
    var removedBy: InboundChange.Source?

    /// Judges a change, and notes what is told.
    ///
    /// - Returns: what is to be told: of what Twenty tells the very same; of what the reconciliation found what is missing by
    ///   now. Nil when it is no news.
    mutating func tell(_ change: InboundChange) -> InboundChange.Action? {
        let action: InboundChange.Action?
        switch change.source {
        case .webhook: action = isReconciled(change) ? nil : change.action
        case .reconciliation:
            // Whether the record itself is new was decided when it was found.
            action = change.updatedAt.flatMap {
                missing(updatedAt: $0, deletedAt: change.deletedAt, isNew: change.action == .created)
            }
        }
        if let action { note(action, change) }
        return action
    }

    /// What Twenty should have told of a record as it is found, and has not.
    ///
    /// - Parameters:
    ///   - updatedAt: in µs, as is `deletedAt`.
    ///   - isNew: whether its creation has to have been told.
    func missing(updatedAt: Int64, deletedAt: Int64?, isNew: Bool) -> InboundChange.Action? {
        if let deletedAt {
            // What was told of a time after that shows that it was taken out of the trash.
            return removedBy == nil && (toldAt ?? .min) < max(deletedAt, updatedAt) ? .deleted : nil
        }
        let isCreationMissing = isNew && createdBy == nil
        guard (toldAt ?? .min) < updatedAt else { return isCreationMissing && removedBy == nil ? .created : nil }
        if isCreationMissing { return .created }
        return removedBy == nil ? .updated : .restored
    }

    /// A webhook that is late: what it tells was found meanwhile.
    private func isReconciled(_ change: InboundChange) -> Bool {
        switch change.action {
        case .created: return createdBy == .reconciliation
        case .deleted:
            if removedBy == .reconciliation { return true }
            guard let reconciledAt else { return false }
            if let deletedAt = change.deletedAt { return deletedAt <= reconciledAt }
            // Twenty tells the state before, so one that is as new as what was found was deleted after that.
            return change.updatedAt.map { $0 < reconciledAt } ?? false
        case .destroyed: return false
        case .updated, .restored:
            guard let reconciledAt, let updatedAt = change.updatedAt else { return false }
            return updatedAt <= reconciledAt
        }
    }

    private mutating func note(_ action: InboundChange.Action, _ change: InboundChange) {
        let isNewest = (toldAt ?? .min) < (change.updatedAt ?? .min)
        let isOlder = (change.deletedAt ?? change.updatedAt ?? .max) < (toldAt ?? .min)
        var times = [toldAt, change.updatedAt].compactMap { $0 }
        if change.source == .reconciliation {
            if let deletedAt = change.deletedAt { times.append(deletedAt) }
            reconciledAt = [reconciledAt, change.updatedAt, change.deletedAt].compactMap { $0 }.max()
        }
        toldAt = times.max()
        switch action {
        case .deleted, .destroyed:
            // One that is late has been taken back since.
            if !isOlder { removedBy = change.source }
        case .created, .updated, .restored:
            if action == .created { createdBy = createdBy ?? change.source }
            // One that comes back under its id need not be called a restoration.
            if isNewest { removedBy = nil }
        }
    }
}
