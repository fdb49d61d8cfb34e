import Foundation

/// Where the programs of a Postgres installation are.
struct PostgresBinaries: Hashable, Sendable {
    /// The folder that holds `postgres`, `initdb` and `psql`.
    let directory: String

    var server: String { "\(directory)/postgres" }
    var initialiser: String { "\(directory)/initdb" }
    var client: String { "\(directory)/psql" }

    /// Finds an installation: for a cluster that exists the one of its major version, otherwise the one in `PATH`,
    /// otherwise the newest under `root`.
    ///
    /// - Parameters:
    ///   - major: the version of the cluster, if there is one.
    ///   - path: the value of `PATH`.
    ///   - root: where Debian keeps its versions.
    /// - Throws: `.missingProgram` when there is none, or none of that version.
    static func find(
        major: Int?, path: String = ProcessInfo.processInfo.environment["PATH"] ?? "",
        root: String = "/usr/lib/postgresql"
    ) throws(CommandError) -> PostgresBinaries {
        let installed = versions(root)
        if let major, installed.contains(major) { return PostgresBinaries(directory: "\(root)/\(major)/bin") }
        let inPath = path.split(separator: ":").lazy.compactMap { inFolder(String($0)) }.first
        let newest = installed.last.map { PostgresBinaries(directory: "\(root)/\($0)/bin") }
        guard let found = inPath ?? newest else {
            throw CommandError(.missingProgram, "Postgres is not installed (run deploy/setup)")
        }
        return found
    }

    /// The installation that a folder of programs or of links to programs stands for.
    private static func inFolder(_ folder: String) -> PostgresBinaries? {
        let server = URL(fileURLWithPath: "\(folder)/postgres").resolvingSymlinksInPath()
        let binaries = PostgresBinaries(directory: server.deletingLastPathComponent().path)
        return binaries.isComplete ? binaries : nil
    }

    private static func versions(_ root: String) -> [Int] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return folders.compactMap { Int($0) }.sorted()
            .filter { PostgresBinaries(directory: "\(root)/\($0)/bin").isComplete }
    }

    private var isComplete: Bool {
        [server, initialiser, client].allSatisfy(FileManager.default.isExecutableFile(atPath:))
    }
}
