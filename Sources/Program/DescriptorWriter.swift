// Writes whole lines to a file descriptor. The kernel keeps one write(2) of up to PIPE_BUF bytes together, on a
// pipe as on a file or a terminal, so lines of several threads and processes never mix and no lock is needed.

internal import Glibc

/// Writes each line with one system call.
package struct DescriptorWriter: Sendable {
    /// The longest line that the kernel promises to keep together on a pipe, in bytes with the line break.
    package static let maximumLineBytes = 4_096

    private let descriptor: Int32

    /// - Parameter descriptor: open for writing, and stays so.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The standard error of this process.
    package static let standardError = DescriptorWriter(descriptor: STDERR_FILENO)

    /// Writes `bytes`, which end with a line break.
    ///
    /// A line is dropped when nobody reads the other end, the disk is full, or a non-blocking pipe stays full for
    /// 100 ms: a program must not end, or stand still for long, because its log cannot be written.
    package func write(line bytes: [UInt8]) {
        var rest = bytes[...]
        var waits = 0
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0 && errno == EINTR {
                continue
            } else if written < 0 && errno == EAGAIN && waits < 10 {
                waits += 1
                waitUntilWritable(milliseconds: 10)
            } else {
                return
            }
        }
    }

    private func waitUntilWritable(milliseconds: Int32) {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // Whatever this answers, the next write tells what is true.
        unsafe _ = poll(&request, 1, milliseconds)
    }
}
