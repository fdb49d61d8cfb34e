/// A telephone number in the three ways in which Twenty needs it: it is written as E.164, stored without its calling code,
/// and found by what is stored.
public struct TwentyPhone: Sendable, Hashable, CustomStringConvertible {
    /// With a plus sign and digits only.
    public let e164: String
    /// With its plus sign, as Twenty stores it.
    public let callingCode: String
    /// What is left.
    public let national: String

    /// Nil unless the text is an international number: a plus sign and 7 to 15 digits, with spaces, hyphens, dots,
    /// slashes and parentheses between them as people like. `00` is no plus sign: it is not the same everywhere.
    public init?(_ text: String) {
        var digits: [UInt8] = []
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "+") where index == 0: break
            case 0x30...0x39 where index > 0: digits.append(byte)
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("),
                UInt8(ascii: ")"):
                guard index > 0 else { return nil }
            default: return nil
            }
        }
        guard 7...15 ~= digits.count, digits[0] != UInt8(ascii: "0") else { return nil }
        let all = String(decoding: digits, as: UTF8.self)
        let codeLength = Self.codeLength(digits)
        e164 = "+" + all
        callingCode = "+" + all.prefix(codeLength)
        national = String(all.dropFirst(codeLength))
    }

    /// The number as E.164.
    public var description: String { e164 }

    /// Whether a record's stored number is this one. A number without a calling code is not: it may be anybody's abroad;
    /// except where the whole number stands in it, as old versions of Twenty kept it.
    public func matches(number: String?, callingCode: String?) -> Bool {
        guard let number else { return false }
        if number == e164 { return true }
        guard number == national, let callingCode else { return false }
        return callingCode == self.callingCode || "+" + callingCode == self.callingCode
    }

    /// ITU-T E.164: zones 1 and 7 are one code each; the two-digit codes are few and fixed; all others have three.
    private static func codeLength(_ digits: [UInt8]) -> Int {
        let first = digits[0] - 0x30
        if first == 1 || first == 7 { return 1 }
        return twoDigitCodes.contains(Int(first) * 10 + Int(digits[1] - 0x30)) ? 2 : 3
    }

    private static let twoDigitCodes: Set<Int> = [
        20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61,
        62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
    ]
}
