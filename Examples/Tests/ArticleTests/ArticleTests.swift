import Foundation
import Testing

/// Every piece of Swift in docs/library.md stands, line by line, in a file of this package: so it compiles and is tested.
@Suite struct ArticleTests {
    private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func theArticlesCodeIsTheExamplesCode() throws {
        let article = try String(contentsOf: Self.examples.appending(path: "../docs/library.md"), encoding: .utf8)
        let pieces = Self.pieces(of: article)
        #expect(pieces.count >= 8)
        let sources = try Self.sources()
        #expect(sources.count >= 10)
        for piece in pieces {
            #expect(sources.contains { Self.stands(piece, in: $0) }, "in no file:\n\(piece.joined(separator: "\n"))")
        }
    }

    /// The lines of each fenced piece of Swift, without their indentation; a line `…` leaves something out.
    private static func pieces(of article: String) -> [[String]] {
        var pieces: [[String]] = []
        var piece: [String]?
        for line in article.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```swift" {
                piece = []
            } else if line == "```" {
                if let lines = piece { pieces.append(lines) }
                piece = nil
            } else {
                piece?.append(line.trimmingCharacters(in: .whitespaces))
            }
        }
        return pieces
    }

    private static func sources() throws -> [[String]] {
        let files = try #require(FileManager.default.enumerator(at: examples, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }
            .filter { $0.pathExtension == "swift" && !$0.path.contains("/.build") }
            .map { file in
                try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }

    private static func stands(_ piece: [String], in source: [String]) -> Bool {
        guard piece.count <= source.count else { return false }
        return (0...(source.count - piece.count)).contains { first in
            source[first..<(first + piece.count)].elementsEqual(piece)
        }
    }
}
