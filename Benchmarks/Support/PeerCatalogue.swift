import Command
import Foundation

/// The peers that there may be, and which of them are on this machine.
struct PeerCatalogue: Sendable {
    let installed: [Peer]
    /// The names of those that are not.
    let absent: [String]

    private struct Entry {
        let name: String
        /// Of the script, and of its folder among the environments that `peers/setup` makes.
        let key: String
        let settings: [Peer.Setting]
        let share: Int
    }

    /// Why these settings: docs/benchmarks.md.
    private static let entries = [
        Entry(
            name: "Sidekiq", key: "sidekiq",
            settings: [.init(label: "10 threads", concurrency: 10), .init(label: "25 threads", concurrency: 25)],
            share: 4),
        Entry(name: "BullMQ", key: "bullmq", settings: [.init(label: "100 at a time", concurrency: 100)], share: 40),
        Entry(name: "Celery", key: "celery", settings: [.init(label: "solo", concurrency: 1)], share: 40),
        Entry(name: "Dramatiq", key: "dramatiq", settings: [.init(label: "8 threads", concurrency: 8)], share: 40),
        Entry(name: "streaQ", key: "streaq", settings: [.init(label: "16 at a time", concurrency: 16)], share: 40),
        Entry(name: "arq", key: "arq", settings: [.init(label: "100 at a time", concurrency: 100)], share: 80),
        Entry(name: "RQ", key: "rq", settings: [.init(label: "SimpleWorker", concurrency: 1)], share: 160),
    ]

    /// Looks for all of them; none when the options want none.
    init(_ options: BenchOptions) {
        guard options.measuresPeers else {
            (installed, absent) = ([], [])
            return
        }
        var found: [Peer] = []
        var missing: [String] = []
        for entry in Self.entries {
            if let peer = entry.key == "sidekiq" ? Self.sidekiq(entry) : Self.python(entry, options.peersDirectory) {
                found.append(peer)
            } else {
                missing.append(entry.name)
            }
        }
        (installed, absent) = (found, missing)
    }

    /// Of those with these keys, the ones that are there.
    func installed(_ keys: [String]) -> [Peer] { installed.filter { keys.contains($0.key) } }

    /// Of those with these keys, the ones that are not, by name.
    func absent(_ keys: [String]) -> [String] {
        absent.filter { name in Self.entries.contains { $0.name == name && keys.contains($0.key) } }
    }

    /// From the folder that Debian puts it in; starting Ruby to ask would take a second.
    private static func sidekiq(_ entry: Entry) -> Peer? {
        guard let ruby = ProgramRun.find("ruby") else { return nil }
        let folder = "/usr/share/rubygems-integration/all/gems"
        let gems = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard let gem = gems.filter({ $0.hasPrefix("sidekiq-") }).sorted().last else { return nil }
        return Peer(
            name: "\(entry.name) \(gem.dropFirst("sidekiq-".count))", key: entry.key, program: ruby,
            leading: ["--yjit", "--yjit-exec-mem-size=32"],
            script: "sidekiq_peer.rb", settings: entry.settings, share: entry.share)
    }

    private static func python(_ entry: Entry, _ directory: String) -> Peer? {
        let place = "\(directory)/\(entry.key)"
        // The peer first, then what else its environment has.
        let installed = PrivateFile.read("\(place)/installed")
        guard let requirement = installed?.split(separator: " ").first else { return nil }
        let version = requirement.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        return Peer(
            name: "\(entry.name) \(version ?? "")", key: entry.key, program: "\(place)/bin/python",
            leading: ["-W", "ignore"],
            script: "\(entry.key)_peer.py", settings: entry.settings, share: entry.share)
    }
}

/// The scripts, which are part of the program.
enum PeerScripts {
    static func write(to folder: String) throws {
        try PrivateFile.makeDirectory(folder)
        let scripts: [(String, [UInt8])] = [
            ("arq_peer.py", PackageResources.arq_peer_py), ("bullmq_peer.py", PackageResources.bullmq_peer_py),
            ("celery_peer.py", PackageResources.celery_peer_py),
            ("dramatiq_peer.py", PackageResources.dramatiq_peer_py), ("peer.py", PackageResources.peer_py),
            ("rq_peer.py", PackageResources.rq_peer_py), ("sidekiq_peer.rb", PackageResources.sidekiq_peer_rb),
            ("streaq_peer.py", PackageResources.streaq_peer_py),
        ]
        for (name, bytes) in scripts {
            let path = "\(folder)/\(name)"
            let text = String(decoding: bytes, as: UTF8.self)
            if PrivateFile.read(path) != text { try PrivateFile.write(text, to: path) }
        }
    }
}
