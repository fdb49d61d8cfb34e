/// Why a document was refused, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason. Extensible: more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's stable name.
        public let description: String
        /// True when the bytes are not JSON we read (HTTP 400), false for valid JSON with a refused value (HTTP 422).
        public let isMalformed: Bool

        private init(_ name: String, isMalformed: Bool = true) {
            description = name
            self.isMalformed = isMalformed
        }

        /// More bytes than the caller allows.
        public static let tooLong = Code("too_long")
        /// The document ends inside a value, or is empty.
        public static let unexpectedEnd = Code("unexpected_end")
        /// A byte that cannot stand here.
        public static let unexpectedByte = Code("unexpected_byte")
        /// Something follows the document's value.
        public static let trailingBytes = Code("trailing_bytes")
        /// A number that RFC 8259 does not allow.
        public static let invalidNumber = Code("invalid_number")
        /// An escape that RFC 8259 does not allow.
        public static let invalidEscape = Code("invalid_escape")
        /// A `\u` escape of half a surrogate pair.
        public static let loneSurrogate = Code("lone_surrogate")
        /// A control character that must be escaped.
        public static let controlCharacter = Code("control_character")
        /// Bytes that are not UTF-8: overlong, surrogate, cut or out of range.
        public static let invalidUTF8 = Code("invalid_utf8")
        /// The same key twice in one object.
        public static let duplicateKey = Code("duplicate_key")
        /// Nested deeper than the limit.
        public static let tooDeep = Code("too_deep")
        /// More values than the limit.
        public static let tooManyValues = Code("too_many_values")
        /// `\u0000` in a string or key, which Postgres cannot hold.
        public static let nulCharacter = Code("nul_character", isMalformed: false)
        /// An integer past 2^53, a number past Double's range, or one with too many digits.
        public static let numberOutOfRange = Code("number_out_of_range", isMalformed: false)
    }

    /// The reason.
    public let code: Code
    /// Bytes before the place, from 0.
    public let byteOffset: Int
    /// RFC 6901 pointer of the value or container at the place.
    public internal(set) var pointer: String
    /// One sentence for people, without the input's own text.
    public let message: String
    /// Every refused value for a valid document (at most `InputError.maximumProblems`); one for a malformed one.
    public internal(set) var problems: [FieldProblem]

    /// True for HTTP 400, false for HTTP 422.
    public var isMalformed: Bool { code.isMalformed }
    /// Always false: the same bytes fail again.
    public var isRetriable: Bool { false }
    /// The message, the offset and the pointer.
    public var description: String {
        "\(message) (byte \(byteOffset)\(pointer.isEmpty ? "" : ", at \(pointer)"))"
    }

    init(_ code: Code, at byteOffset: Int, pointer: String = "", _ message: String) {
        self.code = code
        self.byteOffset = byteOffset
        self.pointer = pointer
        self.message = message
        problems = [FieldProblem(pointer: pointer, detail: message)]
    }

    /// The same error, one container further out.
    func within(_ token: String) -> JSONError {
        var outer = self
        outer.pointer = token + pointer
        outer.problems = problems.map { FieldProblem(pointer: token + $0.pointer, detail: $0.detail) }
        return outer
    }
}
