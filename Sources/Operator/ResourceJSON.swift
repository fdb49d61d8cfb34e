import FoundationEssentials

/// Resources as JSON text, the same over HTTP and at the terminal.
public enum ResourceJSON {
    /// Keys sorted, slashes plain. Costs about 10 us.
    ///
    /// - Parameter isIndented: for people.
    /// - Throws: what the value's own encoding throws.
    public static func encode(_ value: some Encodable, isIndented: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isIndented { encoder.outputFormatting.insert(.prettyPrinted) }
        return Array(try encoder.encode(value))
    }
}
