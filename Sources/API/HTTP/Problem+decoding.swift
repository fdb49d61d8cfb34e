extension Problem {
    /// The problem of a body that `JSONDecoder` refused: 400 when it is no JSON, else 422 with the field at fault.
    public init(_ error: DecodingError) {
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self = .badRequest("expected a JSON body")
        case .dataCorrupted(let context):
            self = .unprocessable([Field(context.codingPath, "expected another value")])
        case .keyNotFound(let key, let context):
            self = .unprocessable([Field(context.codingPath + [key], "expected a value")])
        case .valueNotFound(let type, let context):
            self = .unprocessable([Field(context.codingPath, "expected \(Self.name(of: type)), not null")])
        case .typeMismatch(let type, let context):
            self = .unprocessable([Field(context.codingPath, "expected \(Self.name(of: type))")])
        @unknown default:
            self = .badRequest("expected another JSON body")
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [Any].Type: "an array"
        default: "an object"
        }
    }
}

extension Problem.Field {
    fileprivate init(_ path: [any CodingKey], _ detail: String) {
        self.init(pointer: path.map { "/" + Self.escape($0) }.joined(), detail: detail)
    }

    private static func escape(_ key: any CodingKey) -> String {
        if let index = key.intValue { return String(index) }
        return key.stringValue.reduce(into: "") { text, character in
            switch character {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.append(character)
            }
        }
    }
}
