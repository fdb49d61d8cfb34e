/// The name of one job: 20 characters that sort by the time of making.
///
/// 45 bits of Unix milliseconds, 35 bits that each process draws at its start, and a 20-bit counter, in Crockford's
/// base 32 in lower case. Two processes make the same id only if they drew the same 35 bits and count alike in the same
/// millisecond; one process never does. Held in two words, so that copying one allocates nothing.
public struct JobID: Sendable, Hashable {
    /// The number of characters of every id.
    public static let length = 20

    private let front: UInt64
    private let back: UInt64

    /// Makes an id that no other call makes.
    ///
    /// - Parameter nowMilliseconds: the wall clock's Unix time in ms; taken for the id's age only, so it may be off.
    public init(nowMilliseconds: Int64) {
        self.init(nowMilliseconds: nowMilliseconds, from: Self.sequence)
    }

    /// Makes the next id of a sequence; a simulation has one of its own, so that its ids are the same each time.
    init(nowMilliseconds: Int64, from sequence: JobIDSequence) {
        let (milliseconds, count) = sequence.next(nowMilliseconds)
        let time = UInt64(milliseconds) & 0x1FFF_FFFF_FFFF
        let process = sequence.process
        front = time << 5 | process >> 30
        back = (process & 0x3FFF_FFFF) << 20 | UInt64(count)
    }

    /// Reads an id; nil unless `bytes` are 20 characters of the alphabet.
    public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

    /// Reads an id; nil unless `bytes` are 20 characters of the alphabet.
    ///
    /// Not generic: this is done for every claimed job, and an unspecialised copy costs ten times as much.
    public init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        let start = bytes.startIndex
        guard let front = Self.word(bytes[start..<(start + 10)]), let back = Self.word(bytes[(start + 10)...]) else {
            return nil
        }
        (self.front, self.back) = (front, back)
    }

    private static func word(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var word: UInt64 = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value < 32 else { return nil }
            word = word << 5 | UInt64(value)
        }
        return word
    }

    /// Unix time in ms at which the id was made, by the maker's clock.
    public var createdMilliseconds: Int64 { Int64(front >> 5) }

    /// The id's characters.
    public var bytes: [UInt8] {
        let inline = inlineBytes
        return (0..<Self.length).map { inline[$0] }
    }

    /// The id's characters, without an allocation.
    var inlineBytes: InlineArray<20, UInt8> {
        var bytes = InlineArray<20, UInt8>(repeating: 0)
        for index in 0..<10 {
            let shift = UInt64(45 - index * 5)
            bytes[index] = Self.alphabet[Int(front >> shift & 31)]
            bytes[index + 10] = Self.alphabet[Int(back >> shift & 31)]
        }
        return bytes
    }

    /// A number that looks random and depends on the id and `salt` alone (the finishing steps of SplitMix64).
    func draw(_ salt: UInt64) -> UInt64 {
        var value = (front ^ back &* 0x9E37_79B9_7F4A_7C15) &+ salt &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    private static let sequence = JobIDSequence(process: UInt64.random(in: 0..<(1 << 35)))
}

extension JobID: LosslessStringConvertible {
    public init?(_ description: String) { self.init(bytes: Array(description.utf8)) }

    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
