// What we sign, verified by others: the libraries `standardwebhooks` and `svix` from PyPI, and a Python check by the
// documents for the other schemes. The libraries take this machine's time, so these messages are signed now.

import Basics
import Foundation
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(5)))
struct PublicVerifierTests {
    private struct Case {
        let scheme: SigningScheme
        let signedWith: [String]
        let verifiedWith: String
        var body: [UInt8]
        var change: (inout [(name: String, value: String)], inout [UInt8]) -> Void = { _, _ in }
        var isGood = true
    }

    private static let bodies = ["{}", #"{"a":"é\n\u0000 😀","b":[1.50,null]}"#, "[]"].map { Array($0.utf8) }

    @Test(
        .enabled("standardwebhooks and svix cannot be installed from PyPI here: nobody else verified our signatures") {
            await PublicVerifiers.shared.isThere
        })
    func othersVerifyWhatWeSign() async throws {
        let (first, second) = (EndpointSecret().revealed, EndpointSecret().revealed)
        var cases: [Case] = []
        for body in Self.bodies {
            for scheme in SigningScheme.allCases where scheme.needsSecret {
                cases.append(Case(scheme: scheme, signedWith: [first], verifiedWith: first, body: body))
                cases.append(Case(scheme: scheme, signedWith: [first], verifiedWith: second, body: body, isGood: false))
                cases.append(Case(scheme: scheme, signedWith: [first, second], verifiedWith: first, body: body))
            }
            // Either of two live secrets verifies, where the scheme carries both.
            cases.append(Case(scheme: .standard, signedWith: [first, second], verifiedWith: second, body: body))
            for scheme in [SigningScheme.standard, .twenty, .twentyDocumented, .body] {
                var changed = Case(scheme: scheme, signedWith: [first], verifiedWith: first, body: body, isGood: false)
                changed.change = { _, body in body.append(0x20) }
                cases.append(changed)
            }
            var late = Case(scheme: .standard, signedWith: [first], verifiedWith: first, body: body, isGood: false)
            late.change = { headers, _ in headers[1].value = "\((Int64(headers[1].value) ?? 0) - 400)" }
            cases.append(late)
        }
        let verdicts = try await PublicVerifiers.shared.verdicts(of: try cases.map(line))
        #expect(verdicts.count == cases.count)
        for (index, pair) in zip(cases, verdicts).enumerated() {
            let (item, verdict) = pair
            #expect((verdict == "ok") == item.isGood, "\(index): \(item.scheme) \(verdict)")
            #expect(item.isGood || verdict.hasPrefix("refused"), "\(index): \(item.scheme) \(verdict)")
        }
    }

    private func line(_ item: Case) throws -> String {
        let now = SystemWallClock().nowMilliseconds()
        let message = WebhookSigner.Message(
            id: "msg_\(UInt64.random(in: 0...(.max)))", body: item.body, nowMilliseconds: now)
        var headers = try WebhookSigner.headers(
            for: message, scheme: item.scheme, secrets: item.signedWith.map(EndpointSecret.init(stored:)))
        var body = item.body
        item.change(&headers, &body)
        let object = JSONObject(members: [
            .init(key: "scheme", value: .string(item.scheme.rawValue)),
            .init(
                key: "headers",
                value: .object(JSONObject(members: headers.map { .init(key: $0.name, value: .string($0.value)) }))),
            .init(key: "secret", value: .string(item.verifiedWith)),
            .init(key: "body", value: .string(Base64.encode(body))),
        ])
        return String(decoding: JSONValue.object(object).encoded(), as: UTF8.self)
    }
}

/// The Python environment with the libraries, made once and kept.
actor PublicVerifiers {
    static let shared = PublicVerifiers()

    private var installation: Task<Bool, Never>?

    var isThere: Bool {
        get async {
            if let installation { return await installation.value }
            let task = Task { await Self.install() }
            installation = task
            return await task.value
        }
    }

    /// One line for each line.
    func verdicts(of lines: [String]) async throws -> [String] {
        let script = Self.folder.appendingPathComponent("verify.py").path
        let input = lines.joined(separator: "\n") + "\n"
        let (status, output) = try await Self.run("\(Self.environment)/bin/python", [script], input: input)
        guard status == 0 else { throw PostgresFixture.Failure(description: "verify.py ended with \(status)") }
        return output.split(separator: "\n").map(String.init)
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("verifiers")

    private static let environment: String = {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appendingPathComponent(".aventora/verifiers").path
    }()

    private static func install() async -> Bool {
        do {
            let (status, output) = try await run(folder.appendingPathComponent("setup").path, [environment])
            if status != 0 { print("the public verifiers are not installed: \(output)") }
            return status == 0
        } catch {
            print("the public verifiers are not installed: \(error)")
            return false
        }
    }

    private static func run(
        _ program: String, _ arguments: [String], input text: String = ""
    ) async throws -> (status: Int32, output: String) {
        let process = SpawnedProcess()
        process.executable = program
        process.arguments = arguments
        let input = try process.openInput()
        let output = try process.openOutput()
        try process.run()
        return await withCheckedContinuation { continuation in
            // Blocks until the process ends, so not on Swift's pool. The script answers line by line: it is written to
            // from another thread, lest both wait.
            DispatchQueue.global().async {
                input.write(Data(text.utf8))
                do { try input.close() } catch { print("the input of \(program) could not be closed: \(error)") }
            }
            DispatchQueue.global().async {
                let bytes = output.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: (process.terminationStatus, String(decoding: bytes, as: UTF8.self)))
            }
        }
    }
}
