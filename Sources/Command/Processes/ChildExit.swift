import Subprocess

/// How a process ended.
package enum ChildExit: Hashable, Sendable, CustomStringConvertible {
    /// By itself, with this code.
    case exited(Int32)
    /// By this signal.
    case signaled(Int32)

    init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .exited(code)
        case .signaled(let signal): self = .signaled(signal)
        }
    }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
