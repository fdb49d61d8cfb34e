/// What one document may hold. Every limit has an error of its own.
public struct JSONLimits: Sendable, Hashable {
    /// Most bytes of a document.
    public var bytes: Int
    /// Most containers inside each other.
    public var depth: Int
    /// Most values in all: scalars, arrays and objects.
    public var values: Int
    /// Most bytes of one number's text.
    public var numberBytes: Int

    /// Limits for input from outside: 1,000,000 bytes, depth 64, 200,000 values, 400 bytes a number.
    public init(bytes: Int = 1_000_000, depth: Int = 64, values: Int = 200_000, numberBytes: Int = 400) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
        self.numberBytes = numberBytes
    }
}
