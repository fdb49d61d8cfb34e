import Foundation
import Glibc
import Testing

@testable import Command

@Suite(.timeLimit(.minutes(3)))
struct PrivatePostgresTests {
    private func options(_ directory: String) -> PrivatePostgres.Options {
        var options = PrivatePostgres.Options(directory: directory)
        options.isDurable = false
        return options
    }

    private func session(_ postgres: PrivatePostgres) -> PsqlSession {
        PsqlSession(client: postgres.client, databaseURL: postgres.url)
    }

    @Test func keepsDataOverStopKillAndSecondStart() async throws {
        let folder = try TestFolder()
        let postgres = try await PrivatePostgres.start(options("\(folder.path)/pg"))
        let shown = try await session(postgres).run(
            "show server_encoding; show listen_addresses; show unix_socket_directories; show max_connections;"
        )
        #expect(shown == "UTF8\n127.0.0.1\n\n100")
        _ = try await session(postgres).run("create table t (name text); insert into t values ('Zoë Ōkuma')")
        await postgres.stop()
        #expect(postgres.processIdentifier == nil)
        try await postgres.start()
        #expect(try await session(postgres).run("select name from t") == "Zoë Ōkuma")
        await postgres.kill()
        try await postgres.start()
        #expect(try await session(postgres).run("select name from t") == "Zoë Ōkuma")
        await postgres.stop()
        let second = try await PrivatePostgres.start(options("\(folder.path)/pg"))
        #expect(second.password == postgres.password)
        #expect(try await session(second).run("select count(*) from t") == "1")
        try await second.destroy()
        #expect(!FileManager.default.fileExists(atPath: second.directory))
    }

    @Test func needsThePasswordAndRemovesItsFile() async throws {
        let folder = try TestFolder()
        let postgres = try await PrivatePostgres.start(options("\(folder.path)/pg"))
        let wrong = postgres.url.replacingOccurrences(of: postgres.password, with: "wrong")
        let error = await #expect(throws: CommandError.self) {
            try await PsqlSession(client: postgres.client, databaseURL: wrong).run("select 1")
        }
        #expect(error?.message.contains("password authentication failed") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(postgres.directory)/password.new"))
        try await postgres.destroy()
    }

    @Test(.enabled(if: geteuid() == 0)) func unreachableFolderGoesElsewhereAndIsRemembered() async throws {
        let folder = try TestFolder(mode: 0o700)
        let asked = "\(folder.path)/pg"
        let first = try await PrivatePostgres.start(options(asked))
        #expect(first.directory.hasPrefix("\(PostgresHome.fallbackRoot)/"))
        #expect(PrivateFile.read("\(asked)/location") == "\(first.directory)\n")
        _ = try await session(first).run("create table t ()")
        await first.stop()
        let second = try await PrivatePostgres.start(options(asked))
        #expect(second.directory == first.directory)
        #expect(try await session(second).run("select count(*) from t") == "0")
        try await second.destroy()
        #expect(!FileManager.default.fileExists(atPath: first.directory))
    }

    @Test func unfinishedClusterIsMadeAgain() async throws {
        let folder = try TestFolder()
        let draft = "\(folder.path)/pg/cluster/data.new"
        try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: "\(folder.path)/pg")
        try "15\n".write(toFile: "\(draft)/PG_VERSION", atomically: true, encoding: .utf8)
        let postgres = try await PrivatePostgres.start(options("\(folder.path)/pg"))
        #expect(try await session(postgres).run("select 1") == "1")
        try await postgres.destroy()
    }

    @Test func takenPortIsAConflict() async throws {
        let folder = try TestFolder()
        let redis = try await PrivateRedis.start(.init(directory: "\(folder.path)/redis"))
        var options = options("\(folder.path)/pg")
        options.port = redis.port
        let error = await #expect(throws: CommandError.self) { try await PrivatePostgres.start(options) }
        #expect(error?.code == .conflict)
        await redis.stop()
    }
}

struct PostgresBinariesTests {
    private func install(_ version: String, in folder: TestFolder) throws {
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(version)/bin", withIntermediateDirectories: true
        )
        for name in ["postgres", "initdb", "psql"] { try folder.addProgram("\(version)/bin/\(name)", "#!/bin/sh\n") }
    }

    @Test func newestIsTakenUnlessTheClusterIsOlder() throws {
        let folder = try TestFolder()
        for version in ["9", "15", "17"] { try install(version, in: folder) }
        try FileManager.default.removeItem(atPath: "\(folder.path)/17/bin/initdb")
        let newest = try PostgresBinaries.find(major: nil, path: "", root: folder.path)
        #expect(newest.directory == "\(folder.path)/15/bin")
        let older = try PostgresBinaries.find(major: 9, path: "", root: folder.path)
        #expect(older.directory == "\(folder.path)/9/bin")
    }

    @Test func linkInPathLeadsToItsInstallation() throws {
        let folder = try TestFolder()
        try install("15", in: folder)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/postgres", withDestinationPath: "\(folder.path)/15/bin/postgres"
        )
        let found = try PostgresBinaries.find(major: nil, path: "/nowhere:\(folder.path)", root: "/nowhere")
        #expect(found.directory == "\(folder.path)/15/bin")
    }

    @Test func noneIsAMissingProgram() {
        let error = #expect(throws: CommandError.self) {
            try PostgresBinaries.find(major: nil, path: "", root: "/nowhere")
        }
        #expect(error?.code == .missingProgram)
    }

    @Test func fingerprintIsStable() {
        #expect(PostgresHome.fingerprint("") == "cbf29ce484222325")
        #expect(PostgresHome.fingerprint("a") == "af63dc4c8601ec8c")
    }
}
