import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(1)))
struct EncodedParametersTests {
    @Test
    func laysValuesOutInOneBuffer() throws {
        let encoded = try EncodedParameters([.integer(-2), .null, .text("é"), .bytes([]), .boolean(true)])
        #expect(encoded.bytes == [255, 255, 255, 255, 255, 255, 255, 254, 0xC3, 0xA9, 0, 1])
        #expect(encoded.offsets == [0, -1, 8, 11, 11])
        #expect(encoded.lengths == [8, 0, 2, 0, 1])
        #expect(encoded.formats == [1, 0, 0, 1, 1])
        #expect(encoded.types == [20, nil, 0, 17, 16])
    }

    @Test
    func writesArraysAsTheServerReadsThem() throws {
        let encoded = try EncodedParameters([.texts(["a", nil, ""])])
        let header: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0, 0, 0, 1]
        #expect(encoded.bytes == header + [0, 0, 0, 1, 97, 255, 255, 255, 255, 0, 0, 0, 0])
        #expect(try EncodedParameters([.integers([])]).bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20])
    }

    @Test(arguments: [
        (PostgresValue.text("a\0b"), "22021"), (.json(Array("\"\0\"".utf8)), "22021"), (.texts(["ok", "\0"]), "22021"),
        (.jsons([[0]]), "22021"), (.instant(milliseconds: .max), "22008"), (.instants([nil, .min]), "22008"),
        (.instant(milliseconds: 9_224_318_016_000_000), "22008"),
    ])
    func refusesWhatTheServerCannotStore(value: PostgresValue, sqlState: String) {
        #expect {
            try EncodedParameters([value])
        } throws: { error in
            let error = error as? PostgresError
            return error?.code == .server && error?.sqlState == sqlState && error?.isRetriable == false
        }
    }

    @Test
    func refusesTooManyParameters() throws {
        let most = Array(repeating: PostgresValue.null, count: EncodedParameters.maximumCount)
        #expect(try EncodedParameters(most).offsets.count == 65_535)
        #expect(throws: PostgresError.self) { try EncodedParameters(most + [.null]) }
    }
}
