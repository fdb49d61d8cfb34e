import Basics
import Command
import Foundation
import Glibc
import TestKit
import Testing

extension SystemTests {
    /// `aventora dev` with the real programs.
    @Suite(.serialized) struct DevTests {
        private let folder = TestFolders.make("dev")

        private func remove() {
            // Where Postgres could not reach the folder, its cluster is elsewhere and a note says where.
            if let place = PrivateFile.read("\(folder)/postgres/location")?.trimmingCharacters(in: .newlines) {
                try? FileManager.default.removeItem(atPath: place)
            }
            try? FileManager.default.removeItem(atPath: folder)
        }

        private func noted(_ name: String) -> Int32? {
            PrivateFile.read("\(folder)/run/\(name).pid")?.split(separator: " ").first.flatMap { Int32($0) }
        }

        @Test func sampleIsDeliveredAndASecondRunKeepsTheData() async throws {
            defer { remove() }
            var secrets: [String: String] = [:]
            for run in 1...2 {
                let port = try LoopbackPort.free()
                let result = try await ProgramRun.run(
                    "aventora", ["dev", "--exit-after-sample", "--port", "\(port)", "--data", folder],
                    environment: [:], within: .seconds(90))
                #expect(result.exit == .exited(0), "\(result.output.suffix(3_000))")
                #expect(result.output.contains("page: http://127.0.0.1:\(port)/"))
                #expect(result.output.contains("call.completed"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/run") == [])
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/dev.env"))
                let kept = try EnvironmentFile.read("\(folder)/secrets.env")
                #expect(!kept.isEmpty)
                for secret in kept.values { #expect(!result.output.contains(secret), "run \(run) printed a secret") }
                if run == 1 { secrets = kept } else { #expect(kept == secrets) }
            }
        }

        @Test func killedRedisIsStartedAgainWithItsData() async throws {
            defer { remove() }
            let port = try LoopbackPort.free()
            let output = "\(folder).log"
            defer { PrivateFile.remove(output) }
            // Nothing listens there, so that jobs wait in Redis.
            let environment = [
                "PATH": "/usr/bin:/bin", "TWENTY_WEBHOOK_URL": "http://127.0.0.1:1/hook",
                "OUTBOUND_ALLOW": "127.0.0.1:1",
                "CRM_WEBHOOK_RETRY_COUNT": "50", "CRM_WEBHOOK_RETRY_DELAY_SECONDS": "600",
            ]
            let dev = try await ChildProcess.start(
                ChildCommand(
                    executable: "\(ProgramFolder.programs)/aventora",
                    arguments: ["dev", "--no-sample", "--port", "\(port)", "--data", folder],
                    environment: environment, output: .file(output)))
            do {
                try await expectRedisBackWithItsData(dev, output)
            } catch {
                await dev.stop([StopStep(signal: SIGINT, limitMilliseconds: 20_000)])
                throw error
            }
            let children = ["api", "scheduler", "worker-1", "worker-2", "redis", "postgres"].compactMap(noted)
            #expect(children.count == 6)
            dev.send(SIGINT)
            #expect(await dev.waitForExit(within: .seconds(40)) == .exited(0))
            #expect(children.allSatisfy { ProcessTable.startTicks(of: $0) == nil })
            let printed = try #require(PrivateFile.read(output))
            for secret in try EnvironmentFile.read("\(folder)/secrets.env").values {
                #expect(!printed.contains(secret))
            }
        }

        @Test func peersComeBackWhereTheyWere() async throws {
            defer { remove() }
            let output = "\(folder).log"
            defer { PrivateFile.remove(output) }
            let dev = try await ChildProcess.start(
                ChildCommand(
                    executable: "\(ProgramFolder.programs)/aventora",
                    arguments: [
                        "dev", "--with-peers", "--no-sample", "--workers", "1", "--port", "\(try LoopbackPort.free())",
                        "--data", folder,
                    ],
                    environment: ["PATH": "/usr/bin:/bin"], output: .file(output)))
            do {
                try await expectPeersBack(dev, output)
            } catch {
                await dev.stop([StopStep(signal: SIGINT, limitMilliseconds: 20_000)])
                throw error
            }
            let peers = try #require(noted("peers"))
            dev.send(SIGINT)
            #expect(await dev.waitForExit(within: .seconds(40)) == .exited(0))
            #expect(ProcessTable.startTicks(of: peers) == nil)
        }

        private func expectPeersBack(_ dev: ChildProcess, _ output: String) async throws {
            let values = try await ready(dev, output)
            let token = values["TWENTY_CRM_API_KEY"] ?? ""
            try await withClient(url: values["TWENTY_CRM_BASE_URL"] ?? "", token: token) { client in
                #expect(try await client.get("/rest/people").status == 200)
                let before = try #require(noted("peers"))
                #expect(kill(before, SIGKILL) == 0)
                try await Waiting.until("other peers") {
                    noted("peers").map { $0 != before && ProcessTable.startTicks(of: $0) != nil } ?? false
                }
                try await Waiting.until("them to serve") {
                    do { return try await client.get("/rest/people").status == 200 } catch { return false }
                }
            }
            for name in ["AVENTORA_BASE_URL", "CRM_API_URL", "DOMAIN_CHATBOT_API_URL", "TIPS_API_BASE_URL"] {
                #expect(values[name]?.hasPrefix("http://127.0.0.1:") == true, "\(name)")
            }
        }

        /// What `dev.env` says once all is ready.
        private func ready(_ dev: ChildProcess, _ output: String) async throws -> [String: String] {
            try await Waiting.value("dev.env", within: .seconds(60), seen: { PrivateFile.read(output) ?? "" }) {
                guard dev.exit == nil, PrivateFile.read("\(folder)/dev.env") != nil else { return nil }
                return try EnvironmentFile.read("\(folder)/dev.env")
            }
        }

        private func expectRedisBackWithItsData(_ dev: ChildProcess, _ output: String) async throws {
            let values = try await ready(dev, output)
            let token = String(values["API_TOKENS"]?.split(separator: ":").last ?? "")
            try await withClient(url: values["API_URL"] ?? "", token: token) { client in
                let job = try await client.acceptOne(Samples.completed("e", of: "d.example"))
                try await client.job(job, toBe: "due")
                let before = try #require(noted("redis"))
                let others = ["api", "scheduler", "worker-1", "worker-2", "postgres"]
                let processes = others.map(noted)
                #expect(kill(before, SIGKILL) == 0)
                try await Waiting.until("another Redis") {
                    noted("redis").map { $0 != before && ProcessTable.startTicks(of: $0) != nil } ?? false
                }
                let view = try await Waiting.value("the job to be there again") {
                    let reply = try await client.get("/v1/jobs/\(job)")
                    return reply.status == 200 ? reply.object : nil
                }
                #expect(view["state"]?.string == "due")
                #expect(view["attempts"]?.integer == 1)
                #expect(others.map(noted) == processes)
                let more = try await client.acceptOne(Samples.completed("e-2", of: "d.example"))
                try await client.job(more, toBe: "due")
            }
        }
    }
}
