import Basics
import Foundation
import Logging
import Program
import Testing

/// Values that break careless writers.
private let nasty = [
    "", "plain", "\"quoted\" \\ back", "line\nbreak\r\n\ttab", "\u{0}\u{1}\u{1f}\u{7f}", "\u{1b}[31mred",
    "zoë 🦀 \u{2028}\u{2029}",
    String(decoding: [0x61, 0xFF, 0xC0, 0x62] as [UInt8], as: UTF8.self), "</script>", "\u{FEFF}\u{200B}", "e\u{301}",
]

private struct FixedClock: WallClock {
    func nowMilliseconds() -> Int64 { 1_795_230_000_123 }
}

@Suite(.timeLimit(.minutes(1)))
struct LogTests {
    private func object(_ line: LogLine) throws -> [String: Any] {
        let bytes = line.bytes(.json)
        #expect(bytes.last == UInt8(ascii: "\n") && bytes.count(where: { $0 == UInt8(ascii: "\n") }) == 1)
        #expect(bytes.count <= 4_096)
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private func line(_ message: String, error: String? = nil, _ metadata: Logger.Metadata = [:]) -> LogLine {
        LogLine(
            timeMilliseconds: 1_795_230_000_123,
            level: .info,
            label: "test",
            message: message,
            error: error,
            metadata: metadata,
        )
    }

    @Test(arguments: nasty)
    func anyTextSurvivesAsJSON(_ text: String) throws {
        let decoded = try JSONDecoder().decode(
            [String: String].self,
            from: Data(line(text, error: text, ["key": .string(text), text + "x": "v"]).bytes(.json)),
        )
        #expect(decoded["message"] == text && decoded["error"] == text && decoded["key"] == text)
        #expect(decoded[text + "x"] == "v")
        #expect(decoded["time"] == "2026-11-21T03:00:00.123Z")
        #expect(decoded["level"] == "info" && decoded["label"] == "test")
    }

    @Test(arguments: nasty)
    func anyTextStaysOnOneLineForPeople(_ text: String) {
        let bytes = line(text, ["key": .string(text)]).bytes(.text)
        let shown = String(decoding: bytes, as: UTF8.self)
        #expect(shown.hasPrefix("2026-11-21T03:00:00.123Z INFO     test: "))
        #expect(shown.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }

    @Test
    func flattensMetadata() throws {
        let metadata: Logger.Metadata = [
            "a": ["b": "1", "c": ["d": "2"]], "list": ["x", ["y": "z"]], "level": "mine",
            "count": .stringConvertible(7),
            "flag": .stringConvertible(true), "ratio": .stringConvertible(0.5), "none": .stringConvertible(Double.nan),
        ]
        let object = try object(line("hello", metadata))
        #expect(object["a.b"] as? String == "1" && object["a.c.d"] as? String == "2")
        let list = try #require(object["list"] as? [Any])
        #expect(list.first as? String == "x" && list.last as? [String: String] == ["y": "z"])
        #expect(object["metadata.level"] as? String == "mine" && object["level"] as? String == "info")
        #expect(object["count"] as? Int == 7 && object["flag"] as? Bool == true && object["ratio"] as? Double == 0.5)
        #expect(object["none"] is NSNull)
        #expect(object["truncated"] == nil)
    }

    @Test(arguments: ["x", "\n", "🦀", "\""])
    func aLongLineIsCutToWhatStaysTogether(_ unit: String) throws {
        let long = String(repeating: unit, count: 20_000)
        var metadata: Logger.Metadata = ["array": .array(Array(repeating: .string(long), count: 3))]
        for index in 0..<30 { metadata["key\(index)"] = .string(long) }
        let object = try object(line(long, error: long, metadata))
        #expect(object["truncated"] as? Bool == true)
        #expect((object["message"] as? String)?.hasSuffix("…") == true)
        let text = line(long, error: long, metadata).bytes(.text)
        #expect(text.count <= 4_096 && text.last == UInt8(ascii: "\n"))
        #expect(String(validating: text, as: UTF8.self) != nil)
    }

    @Test
    func readsItsConfiguration() throws {
        let configuration = try LogConfiguration(Settings(environment: ["LOG_LEVEL": "DEBUG", "LOG_FORMAT": "text"]))
        #expect(configuration.level == .debug && configuration.format == .text)
        let standard = try LogConfiguration(Settings(environment: [:]))
        #expect(standard.level == .info && standard.format == .json)
        let error = #expect(throws: ProgramError.self) {
            try LogConfiguration(Settings(environment: ["LOG_LEVEL": "loud"]))
        }
        let levels = "trace, debug, info, notice, warning, error, critical"
        #expect(error?.message == "LOG_LEVEL=loud: expected one of \(levels)")
    }

    @Test
    func mergesMetadataAndKeepsLevels() throws {
        let output = try LogFile()
        var logger = logger(output, provider: Logger.MetadataProvider { ["a": "provider", "b": "provider"] })
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.debug("not written")
        logger.warning("written", error: ProgramError(.internal, "broken"), metadata: ["b": "event"])
        let lines = try output.lines()
        #expect(lines.count == 1)
        let object = try JSONDecoder().decode([String: String].self, from: try #require(lines.first))
        #expect(object["a"] == "provider" && object["b"] == "event" && object["c"] == "logger")
        #expect(object["error"] == "broken" && object["level"] == "warning")
    }

    @Test
    func linesOfManyTasksNeverMix() async throws {
        let output = try LogFile()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                // Each its own handler: nothing but the kernel keeps the lines apart.
                let logger = logger(output, provider: nil)
                group.addTask {
                    for number in 0..<100 {
                        let text = String(repeating: "\(task)", count: 200 + number * 30)
                        logger.info("\(text)", metadata: ["task": "\(task)"])
                    }
                }
            }
        }
        let lines = try output.lines()
        #expect(lines.count == 800)
        for line in lines {
            let object = try JSONDecoder().decode([String: String].self, from: line)
            let task = try #require(object["task"])
            #expect(try #require(object["message"]).allSatisfy { String($0) == task })
        }
    }

    private func logger(_ output: LogFile, provider: Logger.MetadataProvider?) -> Logger {
        Logger(label: "test") { label in
            LineLogHandler(
                label: label,
                level: .info,
                format: .json,
                clock: FixedClock(),
                metadataProvider: provider,
                writer: DescriptorWriter(descriptor: output.descriptor),
            )
        }
    }
}

/// A file that loggers append to. Unlike a pipe it never fills up, so no writer waits for a reader.
private final class LogFile {
    let descriptor: Int32
    private let path = NSTemporaryDirectory() + "aventora-log-" + UUID().uuidString

    init() throws {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
    }

    deinit {
        close(descriptor)
        unsafe unlink(path)
    }

    func lines() throws -> [Data] {
        try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }
}
