internal import Glibc

/// The few calls that change this process as a whole.
package enum ProcessControl {
    /// Makes a write to a closed socket or pipe fail with EPIPE instead of ending the process. The C clients need it.
    package static func ignoreBrokenPipes() {
        // The old disposition is of no use to us.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Raises the number of files and sockets that may be open to what the administrator allows. The usual soft limit
    /// of 1,024 is there for programs that call select(2), which none of ours does.
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        guard limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Refused in some containers; then the old limit stays, and a full table shows as failed accepts.
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Ends the process with what it printed written out, and without the libraries' exit handlers: those free what
    /// threads that are just ending free as well (OpenSSL's do), which aborts a shutdown that had gone well.
    package static func end(code: Int32) -> Never {
        _ = fflush(nil)
        _exit(code)
    }

    /// Ends the process now: no defer, no exit handler, no flushing.
    package static func endAtOnce(code: Int32) -> Never {
        _exit(code)
    }
}
