import Queue

/// What the command line says.
struct CrashOptions: Sendable {
    /// Folder of the built programs.
    let programs: String
    /// Where servers and seeds keep their data; absolute.
    let directory: String
    /// How long faults begin, in ms.
    let windowMilliseconds: Int64
    /// The named point of every seed; in turn when nil.
    let point: FaultPoint?
    /// Whether the folders of good seeds stay.
    let keepsAll: Bool
}
