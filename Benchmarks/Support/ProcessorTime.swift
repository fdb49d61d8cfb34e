import Glibc

/// The processor time that this process has used.
enum ProcessorTime {
    static var seconds: Double { seconds(of: __rusage_who_t(RUSAGE_SELF.rawValue)) }

    /// Of the children of this process that have ended.
    static var childSeconds: Double { seconds(of: __rusage_who_t(RUSAGE_CHILDREN.rawValue)) }

    private static func seconds(of who: __rusage_who_t) -> Double {
        var usage = rusage()
        guard unsafe getrusage(who, &usage) == 0 else { return 0 }
        return usage.ru_utime.seconds + usage.ru_stime.seconds
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
