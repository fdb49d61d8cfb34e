// What one walk over a queue's data saw of each job. The walk takes seconds and the system moves meanwhile, so what stands
// here is suspicion only: `examine.lua` judges. Pure; one walker at a time.
//
// Memory: about 40 bytes per job.

/// Where jobs were seen, and which of them need a closer look.
struct JobSurvey {
    struct Sighting: OptionSet {
        let rawValue: UInt16

        static let envelope = Sighting(rawValue: 1)
        static let unreadable = Sighting(rawValue: 2)
        static let line = Sighting(rawValue: 4)
        static let lineAgain = Sighting(rawValue: 8)
        static let claim = Sighting(rawValue: 16)
        static let claimAgain = Sighting(rawValue: 32)
        static let due = Sighting(rawValue: 64)
        static let laneDue = Sighting(rawValue: 128)
        static let dead = Sighting(rawValue: 256)
        static let cancelled = Sighting(rawValue: 512)
        /// Somebody wished its run to be cancelled.
        static let wish = Sighting(rawValue: 1024)
        /// It waits behind others of its order key.
        static let turn = Sighting(rawValue: 2048)
        /// Its header names an order key.
        static let ordered = Sighting(rawValue: 4096)

        static let places: Sighting = [.line, .lineAgain, .claim, .claimAgain, .due, .laneDue, .dead, .turn]

        /// In how many places it was seen.
        var placeCount: Int { intersection(.places).rawValue.nonzeroBitCount }
    }

    private var sightings: [JobID: Sighting] = [:]
    /// Names of jobs that are gone, seen in places where only jobs are.
    private(set) var gone: Set<String> = []
    /// Envelopes seen.
    private(set) var jobCount = 0

    /// More names of jobs that are gone than this are left for the next check.
    static let mostGone = 200_000

    mutating func reserve(_ count: Int) { sightings.reserveCapacity(count) }

    /// An envelope. One that cannot be read is left alone wherever it is or is not.
    mutating func saw(envelopeOf id: JobID, isReadable: Bool, isOrdered: Bool = false) {
        jobCount += sightings[id]?.contains(.envelope) == true ? 0 : 1
        sightings[id, default: []].formUnion(isReadable ? .envelope : [.envelope, .unreadable])
        if isOrdered { sightings[id]?.insert(.ordered) }
    }

    /// A name in a place where jobs are, with the survey script's flag.
    mutating func saw(_ name: String, in place: Sighting, flag: UInt8) {
        // Only a line may hold what was cancelled.
        let mayBeCancelled = place == .line || place == .cancelled
        guard flag == UInt8(ascii: "1") || (flag == UInt8(ascii: "c") && mayBeCancelled) else {
            if gone.count < Self.mostGone { gone.insert(name) }
            return
        }
        guard let id = JobID(name) else { return }
        var place = place
        let before = sightings[id] ?? []
        if place == .line, before.contains(.line) { place = .lineAgain }
        if place == .claim, before.contains(.claim) { place = .claimAgain }
        sightings[id] = before.union(place)
    }

    /// Jobs that were seen in no place.
    var nowhere: [JobID] { select { $0.contains(.envelope) && !$0.contains(.unreadable) && $0.placeCount == 0 } }

    /// Jobs with an order key that were seen somewhere, and not behind others: it should be their turn.
    var first: [JobID] {
        select { $0.contains(.ordered) && $0.isDisjoint(with: [.turn, .dead]) && $0.placeCount > 0 }
    }

    /// Jobs that were seen in more than one place, or have a mark that does not suit their place.
    var contradictory: [JobID] {
        select {
            $0.placeCount > 1 || $0.contains([.envelope, .cancelled]) || $0.contains([.dead, .wish])
        }
    }

    /// Marks of cancelled jobs that were seen in no line.
    var cancelledNowhere: [JobID] {
        select { $0.contains(.cancelled) && !$0.contains(.envelope) && !$0.contains(.line) }
    }

    private func select(_ isWanted: (Sighting) -> Bool) -> [JobID] {
        sightings.compactMap { isWanted($0.value) ? $0.key : nil }
    }
}
