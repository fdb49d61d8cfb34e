import Foundation
import Glibc
import Threads

/// The three programs as supervised children, and how to tell that they are ready.
final class DevPrograms: Sendable {
    private let options: DevOptions
    private let environment: DevEnvironment
    private let apiPort: UInt16
    private let peers: DevPeers?
    private let workerStopLimitMilliseconds: Int64
    /// Where each program's metrics were put at its last start.
    private let metricsPorts = Locked<[String: UInt16]>([:])

    /// - Throws: `.missingProgram` when one of them is not beside this program; `.configuration` for a bad grace.
    init(
        options: DevOptions, environment: DevEnvironment, apiPort: UInt16, peers: DevPeers? = nil
    ) throws(CommandError) {
        self.options = options
        self.peers = peers
        self.environment = environment
        self.apiPort = apiPort
        workerStopLimitMilliseconds = try options.workerStopLimitMilliseconds()
        let played = peers == nil ? [] : ["aventora-peers"]
        for name in ["aventora-api", "aventora-worker", "aventora-scheduler"] + played {
            guard FileManager.default.isExecutableFile(atPath: "\(options.programs)/\(name)") else {
                throw CommandError(.missingProgram, "\(name) is not beside aventora in \(options.programs)")
            }
        }
    }

    func children() -> [SupervisedChild] {
        let workers = workerIndices.map { index in
            child(workerName(index), "aventora-worker", DevStage.worker, workerStopLimitMilliseconds, index: index)
        }
        return playedSystems + [
            child("api", "aventora-api", DevStage.api, 15_000),
            child("scheduler", "aventora-scheduler", DevStage.scheduler, 15_000),
        ] + workers
    }

    /// Whether all of them run and say that they are ready. A program that shows no metrics counts as ready when it
    /// runs.
    func areReady(running: Set<String>) async -> Bool {
        let names = ["api", "scheduler"] + workerIndices.map(workerName)
        guard running.isSuperset(of: names), await isReady(port: apiPort) else { return false }
        if let peers, await !isReady(port: peers.healthPort, path: "/healthz") { return false }
        if environment.shared["METRICS_LISTEN"] == "0" { return true }
        let ports = metricsPorts.withLock { $0 }
        for (name, port) in ports.sorted(by: { $0.key < $1.key }) where name != "api" {
            guard await isReady(port: port) else { return false }
        }
        return true
    }

    private func isReady(port: UInt16, path: String = "/readyz") async -> Bool {
        do {
            let transport = LoopbackHTTP(port: port, limitMilliseconds: 2_000)
            return try await transport.send(SampleRequest(method: "GET", path: path)).status == 200
        } catch {
            return false
        }
    }

    private var playedSystems: [SupervisedChild] {
        guard let peers else { return [] }
        let steps = [StopStep(signal: SIGTERM, limitMilliseconds: 5_000)]
        let description = SupervisorMachine.Child(name: "peers", stage: DevStage.peers, stopSteps: steps)
        return [
            SupervisedChild(description) { [self] () async throws(CommandError) in
                try await ChildProcess.start(
                    ChildCommand(
                        executable: "\(options.programs)/aventora-peers",
                        arguments: peers.arguments(receiverPort: apiPort), environment: environment.shared))
            }
        ]
    }

    private var workerIndices: [Int] { (0..<options.workers).map { $0 + 1 } }

    private func workerName(_ index: Int) -> String { "worker-\(index)" }

    /// A new metrics port at each start: if someone took the last one, the next start does better.
    private func child(
        _ name: String, _ program: String, _ stage: Int, _ limitMilliseconds: Int64, index: Int? = nil
    ) -> SupervisedChild {
        let steps = [StopStep(signal: SIGTERM, limitMilliseconds: limitMilliseconds)]
        let description = SupervisorMachine.Child(name: name, stage: stage, stopSteps: steps)
        return SupervisedChild(description) { [self] () async throws(CommandError) in
            let values = environment.program(index: index, metricsPort: try LoopbackPort.free())
            let metrics = values["METRICS_LISTEN"]?.split(separator: ":").last.flatMap { UInt16($0) }
            metricsPorts.withLock { $0[name] = metrics == 0 ? nil : metrics }
            return try await ChildProcess.start(
                ChildCommand(executable: "\(options.programs)/\(program)", environment: values)
            )
        }
    }
}
