/// The process's own clock: milliseconds since an arbitrary moment, never set back.
enum MonotonicTime {
    private static let origin = ContinuousClock.now

    static var milliseconds: Int64 { origin.duration(to: ContinuousClock.now).wholeMilliseconds }
}

extension Duration {
    /// Milliseconds, rounded up.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        return seconds * 1000 + whole + (rest > 0 ? 1 : 0)
    }
}
