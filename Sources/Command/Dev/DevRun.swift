// One run of dev. Three tasks: the supervisor, the signals, and the script that starts things and posts the sample.
// The end of the script, whatever ended it (a signal, a failure, the sample being delivered), is what stops the
// children; the end of the supervisor is the end of the run. A second signal kills the children at once.

import Basics
import Foundation
import Glibc
package import Logging
import Threads

/// Servers, programs and sample of one `aventora dev`.
package struct DevRun: Sendable {
    private let options: DevOptions
    private let database: any DevDatabase
    private let logger: Logger
    private let say: @Sendable (String) -> Void

    /// - Parameter say: gets the lines for the person at the terminal.
    package init(
        options: DevOptions, database: any DevDatabase, logger: Logger, say: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.database = database
        self.logger = logger
        self.say = say
    }

    /// What a run holds in its folder.
    private struct Ground: Sendable {
        let directory: String
        let lock: DirectoryLock
        let leftovers: Leftovers
        let secrets: DevSecrets
        let host: String
        let port: UInt16

        var noteFile: String { "\(directory)/dev.env" }
    }

    /// Runs until a signal, or until the sample is delivered where that was asked for; all children have ended then.
    ///
    /// - Parameter signals: one element for each signal to stop.
    /// - Throws: what made the run fail; its code says which exit code that is.
    package func run(signals: AsyncStream<Void>) async throws(CommandError) {
        let ground = try await prepare()
        defer { PrivateFile.remove(ground.noteFile) }
        let failure = Locked<CommandError?>(nil)
        let script = Locked<Task<Void, Never>?>(nil)
        let supervisor = Supervisor(leftovers: ground.leftovers, logger: logger) { error in
            failure.withLock { $0 = $0 ?? error }
            script.withLock { $0 }?.cancel()
        }
        let work = Task {
            do throws(CommandError) {
                try await follow(ground, supervisor)
            } catch {
                let isStop = Task.isCancelled
                failure.withLock { $0 = isStop ? $0 : $0 ?? error }
            }
            PrivateFile.remove(ground.noteFile)
            supervisor.requestStop()
        }
        script.withLock { $0 = work }
        await withDiscardingTaskGroup { group in
            group.addTask { await listen(signals, work, supervisor) }
            await supervisor.run()
            await work.value
            group.cancelAll()
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func listen(_ signals: AsyncStream<Void>, _ work: Task<Void, Never>, _ supervisor: Supervisor) async {
        var count = 0
        for await _ in signals {
            count += 1
            say(count == 1 ? "stopping; once more kills everything at once" : "killing everything")
            if count == 1 { work.cancel() } else { supervisor.requestKill() }
        }
    }

    private func prepare() async throws(CommandError) -> Ground {
        let directory = ServerFolder.absolute(options.directory)
        try PrivateFile.makeDirectory(directory, mode: 0o711)
        let lock = try DirectoryLock(directory: directory)
        let leftovers = Leftovers(directory: directory)
        for entry in try await leftovers.stop() {
            say("stopped \(entry.name) (process \(entry.processIdentifier)), left by an earlier run")
        }
        PrivateFile.remove("\(directory)/dev.env")
        let (host, wanted, isAsked) = try options.listen()
        var port = wanted
        if !LoopbackPort.isFree(wanted) {
            guard !isAsked else { throw CommandError(.conflict, "port \(wanted) of 127.0.0.1 is taken") }
            port = try LoopbackPort.firstFree(from: wanted + 1)
            say("port \(wanted) is taken, using \(port)")
        }
        return Ground(
            directory: directory, lock: lock, leftovers: leftovers, secrets: try DevSecrets.keep(in: directory),
            host: host, port: port
        )
    }

    /// The script: returns when the run is to end well, throws when it is to end badly.
    private func follow(_ ground: Ground, _ supervisor: Supervisor) async throws(CommandError) {
        let servers = try await DevServers.start(options, directory: ground.directory, supervisor: supervisor)
        try await prepareDatabase(servers)
        let peers = options.hasPeers ? try DevPeers.make() : nil
        let environment = try makeEnvironment(ground, servers, peers)
        let programs = try DevPrograms(
            options: options, environment: environment, apiPort: ground.port, peers: peers)
        for child in programs.children() { supervisor.add(child) }
        let isReady = await Poll.until(within: options.readyLimit) {
            await programs.areReady(running: supervisor.running)
        }
        guard isReady else {
            throw CommandError(.serverAway, "the programs were not ready within \(options.readyLimit)")
        }
        try PrivateFile.write(EnvironmentFile.text(environment.published(port: ground.port)), to: ground.noteFile)
        if options.postsSample || options.exitsAfterSample {
            do throws(CommandError) {
                try await postSample(ground, servers, token: environment.token)
            } catch {
                if options.exitsAfterSample || Task.isCancelled { throw error }
                say("sample: not delivered: \(error)")
            }
            if options.hasPeers { try await playDay(environment, ground) }
        }
        say("page: http://127.0.0.1:\(ground.port)/")
        say("token: API_TOKENS in \(ground.noteFile)")
        if options.exitsAfterSample { return }
        say("running; Ctrl-C stops")
        for await _ in AsyncStream<Never>.makeStream().stream {}
    }

    /// A day with the played systems, in a process of its own.
    private func playDay(_ environment: DevEnvironment, _ ground: Ground) async throws(CommandError) {
        var variables = environment.shared
        variables["API_URL"] = "http://127.0.0.1:\(ground.port)"
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: "\(options.programs)/aventora-peers",
                arguments: ["day"] + (options.arePeersFailing ? ["--failing"] : []), environment: variables,
                output: .standardOutput))
        let exit = await withTaskCancellationHandler {
            await child.waitForExit(within: options.dayLimit)
        } onCancel: {
            child.send(SIGTERM)
        }
        if exit == nil { await child.stop([]) }
        guard exit != .exited(0), !Task.isCancelled else { return }
        let words = exit == nil ? "it did not end within \(options.dayLimit)" : "see above"
        if options.exitsAfterSample { throw CommandError(.sample, "the day did not end as it was meant to: \(words)") }
        say("day: it did not end as it was meant to: \(words)")
    }

    private func makeEnvironment(
        _ ground: Ground, _ servers: DevServers, _ peers: DevPeers?
    ) throws(CommandError) -> DevEnvironment {
        var tokensFile: String?
        if let path = options.variable("API_TOKENS_FILE") {
            tokensFile = PrivateFile.read(path)
            if tokensFile == nil {
                throw CommandError(.configuration, "API_TOKENS_FILE: \(path) is not allowed (a file that can be read)")
            }
        }
        return DevEnvironment(
            given: options.environment, tokensFile: tokensFile, secrets: ground.secrets, directory: ground.directory,
            listen: "\(ground.host):\(ground.port)", receiverPort: ground.port, redisURL: servers.redisURL,
            databaseURL: servers.databaseURL, peers: peers
        )
    }

    private func prepareDatabase(_ servers: DevServers) async throws(CommandError) {
        let url = servers.databaseURL
        do {
            try await database.migrate(databaseURL: url)
            guard servers.postgres != nil, try await !database.hasSchema("hub", databaseURL: url),
                let folder = SampleCall.folder(given: options.sample, programs: options.programs),
                let sql = PrivateFile.read("\(folder)/hub.sql")
            else { return }
            try await database.apply(sql: sql, databaseURL: url)
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.serverAway, "the database could not be prepared", underlying: error)
        }
    }

    private func postSample(_ ground: Ground, _ servers: DevServers, token: String?) async throws(CommandError) {
        guard let token else {
            throw CommandError(.sample, "no token of API_TOKENS has the scopes events and read")
        }
        guard let folder = SampleCall.folder(given: options.sample, programs: options.programs),
            let template = PrivateFile.read("\(folder)/call.json")
        else { throw CommandError(.sample, "deploy/sample/call.json was not found") }
        let now = Date()
        let call = try SampleCall(template: template, run: SampleCall.makeRun(now: now), now: now)
        let transport = LoopbackHTTP(port: ground.port)
        let poster = SamplePoster(transport: transport, token: token, limit: options.sampleLimit, say: say)
        try await poster.deliver(call) { id in
            try await database.engagementStatus(id: id, databaseURL: servers.databaseURL)
        }
    }
}
