/// Object identifiers of the server's built-in types, fixed for all time in its catalogue.
enum TypeID {
    static let unknown: UInt32 = 0
    static let boolean: UInt32 = 16
    static let bytes: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let objectID: UInt32 = 26
    static let json: UInt32 = 114
    static let jsonArray: UInt32 = 199
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let bytesArray: UInt32 = 1001
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let varchar: UInt32 = 1043
    static let timestamp: UInt32 = 1114
    static let timestamptz: UInt32 = 1184
    static let timestamptzArray: UInt32 = 1185
    static let numeric: UInt32 = 1700
    static let jsonb: UInt32 = 3802
}
