/// The value of one statement parameter.
///
/// Text and JSON leave their type to the server, which infers it from the statement (`uuid`, an enum, `jsonb`, ...).
/// The others name their type: an integer is an `int8`, an array of texts a `text[]`, so `unnest($1)` needs no cast.
public enum PostgresValue: Sendable, Equatable {
    /// NULL of whatever type the statement needs.
    case null
    /// Text of any type the server can read from text. Must not hold a NUL character.
    case text(String)
    /// `int8`
    case integer(Int64)
    /// `bool`
    case boolean(Bool)
    /// `float8`
    case double(Double)
    /// `bytea`
    case bytes([UInt8])
    /// A JSON text in UTF-8, for `json` and `jsonb`.
    case json([UInt8])
    /// `timestamptz`: milliseconds since 1970 UTC.
    case instant(milliseconds: Int64)
    /// `text[]`
    case texts([String?])
    /// `int8[]`
    case integers([Int64?])
    /// `bytea[]`
    case byteStrings([[UInt8]?])
    /// `timestamptz[]`: milliseconds since 1970 UTC.
    case instants([Int64?])
    /// `json[]`, each a JSON text in UTF-8; Postgres casts each to `jsonb` where a column needs that.
    case jsons([[UInt8]?])
}
