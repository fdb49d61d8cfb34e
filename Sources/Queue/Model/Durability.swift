/// How safe an accepted job is at the moment of the answer, from the weakest to the strongest.
public enum Durability: String, Sendable, Hashable, CaseIterable {
    /// Redis has it. What Redis does when it dies decides the rest.
    case queued
    /// It is in Redis's append-only file, and that file is on disk.
    case fsynced
    /// Postgres has committed it. It survives even a Redis that loses everything.
    case outbox
}
