/// Where the next page of buried jobs begins: the queue's place in the selection, and how many of its entries came before.
public struct DeadCursor: Sendable, Equatable {
    var queue = 0
    var offset = 0

    /// As callers get it.
    public var text: String { "\(queue).\(offset)" }

    /// The first page.
    public init() {}

    init(queue: Int, offset: Int) {
        self.queue = queue
        self.offset = offset
    }

    /// Nil when it is not one that ``text`` gave.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let queue = Int(parts[0]), let offset = Int(parts[1]), queue >= 0, offset >= 0 else {
            return nil
        }
        self.queue = queue
        self.offset = offset
    }
}
