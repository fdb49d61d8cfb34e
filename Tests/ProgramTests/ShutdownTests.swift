import Foundation
import Logging
import ServiceLifecycle
import Testing

@testable import Program

/// Sends signals to its own process, then waits as a service should.
private struct Signalling: Service {
    var first: Int32 = SIGTERM
    var second: Int32?

    func run() async throws {
        kill(getpid(), first)
        try await gracefulShutdown()
        guard let second else { return }
        kill(getpid(), second)
        // Nothing but the signal ends this.
        while true { try? await Task.sleep(for: .seconds(60)) }
    }
}

private struct Waiting: Service {
    func run() async throws { try await gracefulShutdown() }
}

private struct Failing: Service {
    let error: ProgramError
    func run() async throws { throw error }
}

private struct Returning: Service {
    func run() async throws {}
}

/// Ends only when it is cancelled.
private struct Stubborn: Service {
    func run() async throws {
        kill(getpid(), SIGTERM)
        try await Task.sleep(for: .seconds(60))
    }
}

/// Takes a thread of the pool away for good.
private struct Blocking: Service {
    let signals: Bool

    func run() async throws {
        if signals { kill(getpid(), SIGTERM) }
        while true { pause() }
    }
}

private func runProgram(_ services: [any Service], graceSeconds: Int = 20) async -> Never {
    await ProgramMain.run {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await ProgramGroup.run(
            services: services,
            logger: logger,
            graceSeconds: graceSeconds,
            cancellationSeconds: 1,
        )
    }
}

@Suite(.timeLimit(.minutes(2)))
struct ShutdownTests {
    @Test
    func theFirstSignalDrainsAndEndsWithZero() async {
        await #expect(processExitsWith: .exitCode(0)) { await runProgram([Waiting(), Signalling()]) }
        await #expect(processExitsWith: .exitCode(0)) { await runProgram([Waiting(), Signalling(first: SIGINT)]) }
    }

    @Test
    func aSecondSignalEndsTheProcessAtOnce() async {
        await #expect(processExitsWith: .exitCode(143)) { await runProgram([Signalling(second: SIGTERM)]) }
        await #expect(processExitsWith: .exitCode(130)) { await runProgram([Signalling(second: SIGINT)]) }
    }

    @Test
    func servicesThatOutlastTheGraceAreStopped() async throws {
        let result = try await #require(
            processExitsWith: .exitCode(70),
            observing: [\.standardErrorContent],
        ) {
            await runProgram([Stubborn()], graceSeconds: 1)
        }
        let line = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(line.contains("shutdown: services were still running after 1 s and were stopped\n"))
    }

    @Test
    func theProcessEndsEvenWhenEveryThreadIsBlocked() async throws {
        let result = try await #require(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            let blocking = (0..<16).map { Blocking(signals: $0 == 0) }
            await runProgram(blocking, graceSeconds: 1)
        }
        let line = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(line.contains("shutdown: services were still running after 2 s and were stopped\n"))
    }

    @Test
    func aFailureDrainsTheOthersAndSaysWhy() async throws {
        let result = try await #require(
            processExitsWith: .exitCode(69),
            observing: [\.standardErrorContent],
        ) {
            let error = ProgramError(.unavailable, "REDIS_URL: no answer\nsecond line")
            await runProgram([Waiting(), Failing(error: error)])
        }
        let line = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(line.contains("REDIS_URL: no answer\\nsecond line\n"))
    }

    @Test
    func aServiceThatJustReturnsIsAFault() async {
        await #expect(processExitsWith: .exitCode(70)) { await runProgram([Waiting(), Returning()]) }
    }

    @Test
    func mapsOutcomesToExitCodes() async {
        let done = await ProgramMain.outcome {}
        #expect(done.code == .success && done.line == nil)
        let explained = await ProgramMain.outcome { throw ProgramError(.configuration, "A=b: expected c") }
        #expect(explained.code == .configuration && explained.line == "A=b: expected c")
        let unexpected = await ProgramMain.outcome { throw CocoaError(.featureUnsupported) }
        #expect(unexpected.code == .internal && unexpected.line?.hasPrefix("unexpected error: ") == true)
    }

    @Test
    func decidesWhatEachSignalMeans() {
        var sequence = ShutdownSequence()
        #expect(sequence.signalArrived(15) == .beginDraining)
        #expect(sequence.serviceFailed() == .nothing)
        #expect(sequence.signalArrived(2) == .endAtOnce(code: 130))
        var failed = ShutdownSequence()
        #expect(failed.serviceFailed() == .watch)
        #expect(failed.serviceFailed() == .nothing)
        #expect(failed.signalArrived(15) == .beginDraining)
        #expect(failed.signalArrived(15) == .endAtOnce(code: 143))
    }

    @Test
    func aBrokenPipeDoesNotEndTheProcess() async {
        await #expect(processExitsWith: .exitCode(0)) {
            await ProgramMain.run {
                let pipe = Pipe()
                try pipe.fileHandleForReading.close()
                DescriptorWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor).write(line: [10])
            }
        }
    }
}
