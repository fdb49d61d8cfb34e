import Basics
import Foundation
import Glibc
import Testing

@testable import Command

struct DevFilesTests {
    @Test func privateFileIsReplacedWholeAndIsOnlyTheOwners() throws {
        let folder = try TestFolder()
        let path = "\(folder.path)/dev.env"
        try "old".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let reader = try #require(FileHandle(forReadingAtPath: path))
        try PrivateFile.write("new\n", to: path)
        #expect(PrivateFile.read(path) == "new\n")
        #expect(try reader.readToEnd() == Data("old".utf8))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["dev.env"])
    }

    @Test func privateFileThatCannotBeWrittenIsAnError() {
        let error = #expect(throws: CommandError.self) { try PrivateFile.write("x", to: "/nowhere/at/all") }
        #expect(error?.code == .system)
    }

    @Test func environmentFileRoundTrip() throws {
        let text = EnvironmentFile.text([("A", "1=2"), ("TOKENS", "a:b:c\nd:e:f"), ("EMPTY", "")])
        #expect(text == "A=1=2\nTOKENS=a:b:c,d:e:f\nEMPTY=\n")
        let values = try EnvironmentFile.parse(text, name: "x")
        #expect(values == ["A": "1=2", "TOKENS": "a:b:c,d:e:f", "EMPTY": ""])
    }

    @Test(arguments: ["A", "=x", "1A=x", "A-B=secret", "A B=secret"])
    func badLineIsNamedWithoutItsValue(line: String) {
        let error = #expect(throws: CommandError.self) { try EnvironmentFile.parse("OK=1\n\(line)", name: "my.env") }
        #expect(error?.message == "my.env:2: expected KEY=value")
        #expect(error?.code.exitCode == 78)
    }

    @Test func secretsAreMadeOnceAndKept() throws {
        let folder = try TestFolder()
        let first = try DevSecrets.keep(in: folder.path)
        #expect(Data(base64Encoded: first.secretsKey)?.count == 32)
        #expect(first.token.count == 48)
        #expect(try DevSecrets.keep(in: folder.path) == first)
        let other = try TestFolder()
        #expect(try DevSecrets.keep(in: other.path).token != first.token)
    }

    @Test func lockIsExclusiveAndEndsWithItsHolder() throws {
        let folder = try TestFolder()
        var lock: DirectoryLock? = try DirectoryLock(directory: folder.path)
        let error = #expect(throws: CommandError.self) { try DirectoryLock(directory: folder.path) }
        #expect(error?.code.exitCode == 69)
        #expect(error?.message == "another aventora dev (process \(getpid())) is running on \(folder.path)")
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try DirectoryLock(directory: folder.path)
    }

    @Test func lockIsNotInheritedByChildren() async throws {
        let folder = try TestFolder()
        var lock: DirectoryLock? = try DirectoryLock(directory: folder.path)
        let child = try await ChildProcess.start(
            ChildCommand(executable: "/bin/sleep", arguments: ["100"], output: .discarded)
        )
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try DirectoryLock(directory: folder.path)
        await child.stop([])
    }

    @Test func portsAreFreeUntilTaken() throws {
        let port = try LoopbackPort.free()
        #expect(port > 0)
        let socket = try LoopbackSocket()
        let taken = try socket.bind(port: 0)
        #expect(!LoopbackPort.isFree(taken))
        #expect(try LoopbackPort.firstFree(from: taken) > taken)
        let error = #expect(throws: CommandError.self) { try LoopbackPort.firstFree(from: taken, limit: 1) }
        #expect(error?.code == .conflict)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct LeftoversTests {
    private func sleeper(_ directory: String) async throws -> ChildProcess {
        try await ChildProcess.start(
            ChildCommand(
                executable: "/bin/sleep", arguments: ["100"], environment: [Leftovers.directoryVariable: directory],
                output: .discarded
            )
        )
    }

    @Test func ownProcessIsFoundAndStopped() async throws {
        let folder = try TestFolder()
        let child = try await sleeper(folder.path)
        let leftovers = Leftovers(directory: folder.path)
        try leftovers.note(child.processIdentifier, name: "worker-1")
        let isReady = await Poll.until(within: .seconds(5)) { !leftovers.find().isEmpty }
        #expect(isReady)
        let stopped = try await leftovers.stop()
        #expect(stopped.map(\.processIdentifier) == [child.processIdentifier])
        #expect(await child.waitForExit() == .signaled(SIGTERM))
        #expect(leftovers.find().isEmpty)
    }

    @Test func anothersProcessUnderTheSameIdIsLeftAlone() async throws {
        let folder = try TestFolder()
        let child = try await sleeper("/elsewhere")
        let leftovers = Leftovers(directory: folder.path)
        try leftovers.note(child.processIdentifier, name: "redis")
        let ticks = try #require(ProcessTable.startTicks(of: child.processIdentifier))
        let run = "\(folder.path)/run"
        try PrivateFile.write("\(child.processIdentifier) \(ticks + 1)\n", to: "\(run)/later.pid")
        try PrivateFile.write("rubbish\n", to: "\(run)/rubbish.pid")
        try PrivateFile.write("1 1\n", to: "\(run)/init.pid")
        #expect(try await leftovers.stop() == [])
        #expect(child.exit == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: run) == [])
        await child.stop([])
    }

    @Test func stubbornProcessIsKilled() async throws {
        let folder = try TestFolder()
        let script = "$SIG{TERM} = 'IGNORE'; open my $file, '>', \"$ARGV[0]/ready\"; sleep 100 while 1"
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: "/usr/bin/perl", arguments: ["-e", script, folder.path],
                output: .discarded
            )
        )
        let leftovers = Leftovers(directory: folder.path)
        let isThere = await Poll.until(within: .seconds(5)) {
            FileManager.default.fileExists(atPath: "\(folder.path)/ready")
        }
        #expect(isThere)
        try leftovers.note(child.processIdentifier, name: "worker-1")
        #expect(try await leftovers.stop(graceMilliseconds: 100).count == 1)
        #expect(await child.waitForExit() == .signaled(SIGKILL))
    }
}
