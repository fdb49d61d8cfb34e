public import Queue

/// Reads a file page by page. A page takes seconds, a file an hour: whatever interrupts it, it goes on where it was.
public struct ImportFile: Job {
    public static let definition = JobDefinition(
        "file.import", queue: "imports", retry: RetryPolicy(listedMilliseconds: [10_000, 60_000, 600_000]),
        timeLimitMilliseconds: 2 * 3_600_000)

    public let file: String
    public let pages: Int
    public var nextPage = 0

    public init(file: String, pages: Int) {
        self.file = file
        self.pages = pages
    }
}

/// Tells whoever waits that a file is in.
public struct AnnounceImport: Job {
    public static let definition = JobDefinition("file.announce", queue: "imports")

    public let file: String

    public init(file: String) {
        self.file = file
    }
}
