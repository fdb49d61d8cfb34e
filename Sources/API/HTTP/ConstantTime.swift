/// Comparisons whose time tells nothing about where two values differ.
public enum ConstantTime {
    /// Whether both hold the same bytes. The time depends on the lengths only.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        mask(left, right) != 0
    }

    /// All bits set when both hold the same bytes, else none: selects a value without a branch.
    @inline(never) static func mask(_ left: [UInt8], _ right: [UInt8]) -> Int {
        // Lengths are no secret: digests all have the same one.
        guard left.count == right.count else { return 0 }
        var difference: UInt8 = 0
        for index in left.indices {
            difference |= left[index] ^ right[index]
        }
        // 0 - 1 borrows into the upper bits; any other difference does not.
        return (Int(difference) - 1) >> 8
    }
}
