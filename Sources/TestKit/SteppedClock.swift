import Command
import Foundation

/// A wall clock that a test can step, for the processes that start with its ``environment``: `Sources/CSteppedClock`.
package struct SteppedClock: Sendable {
    package let environment: [String: String]
    private let file: String

    /// A clock that shows the system's time.
    ///
    /// - Parameters:
    ///   - file: made by it, and read by the processes; absolute.
    ///   - programs: the folder of the built programs, where the library is too.
    ///
    /// - Throws: `.missingProgram` without the library, which a process would do without and say so on standard error only.
    package init(file: String, programs: String) throws {
        let library = "\(programs)/libaventora-clock.so"
        guard FileManager.default.fileExists(atPath: library) else {
            throw CommandError(.missingProgram, "\(library) is not there: it comes with a build of the whole package")
        }
        self.file = file
        environment = ["LD_PRELOAD": library, "AVENTORA_CLOCK_FILE": file]
        try PrivateFile.write(String(repeating: "\0", count: MemoryLayout<Int64>.size), to: file)
    }

    /// Puts it so many seconds before or behind the system's. Everybody sees it at once.
    package func step(to seconds: Int64) throws {
        // In its place: the processes have mapped this very file.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        let milliseconds = seconds * 1_000
        try handle.write(contentsOf: Data((0..<8).map { UInt8(truncatingIfNeeded: milliseconds >> ($0 * 8)) }))
    }
}
