/// What keeps one job from becoming many.
public enum JobKey: Sendable, Hashable {
    /// At most one job of this key at a time, from its enqueue to its end: another is not enqueued, and the caller gets
    /// the first one's id. The key is freed when the job ends, whichever way, and after `lifetimeMilliseconds` at the
    /// latest.
    case unique(String, lifetimeMilliseconds: Int64 = Limits.uniqueLifetimeMilliseconds)

    /// One run after `quietMilliseconds` without another job of this key, but not later than `longestMilliseconds` after
    /// the first, with the arguments of the last. What comes while the job runs makes it run once more, as a job of its
    /// own.
    case debounce(String, quietMilliseconds: Int64, longestMilliseconds: Int64)

    /// The job of this debounce key that waits is not run: this one, which runs by itself, stands for it. What runs already
    /// goes on.
    case ending(String)

    /// The key itself.
    public var name: String {
        switch self {
        case .unique(let name, _), .debounce(let name, _, _), .ending(let name): name
        }
    }

    /// As `enqueue.lua` takes it.
    func token(label: String?) -> String {
        let label = label.map { " " + $0 } ?? ""
        return switch self {
        case .unique(let name, let lifetime): "u \(max(1, lifetime)) \(name)"
        case .debounce(let name, let quiet, let longest): "d \(max(0, quiet)) \(max(0, longest)) \(name)\(label)"
        case .ending(let name): "e \(name)\(label)"
        }
    }
}
