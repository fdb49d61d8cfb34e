/// A promise about a figure, and the figure.
struct Bar: Sendable, Encodable, CustomStringConvertible {
    enum Limit: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    let subject: String
    let value: Double
    let limit: Limit
    let unit: String

    init(_ subject: String, _ value: Double, _ limit: Limit, _ unit: String) {
        self.subject = subject
        self.value = value
        self.limit = limit
        self.unit = unit
    }

    var isMet: Bool {
        switch limit {
        case .atLeast(let least): value >= least
        case .atMost(let most): value <= most
        }
    }

    var description: String {
        let wanted =
            switch limit {
            case .atLeast(let least): "at least \(FigureText.make(least))"
            case .atMost(let most): "at most \(FigureText.make(most))"
            }
        return "\(isMet ? "met   " : "MISSED") \(subject): \(FigureText.make(value)) \(unit), wanted \(wanted)"
    }

    private enum Key: String, CodingKey { case subject, value, unit, atLeast, atMost, isMet }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(subject, forKey: .subject)
        try values.encode(value, forKey: .value)
        try values.encode(unit, forKey: .unit)
        switch limit {
        case .atLeast(let least): try values.encode(least, forKey: .atLeast)
        case .atMost(let most): try values.encode(most, forKey: .atMost)
        }
        try values.encode(isMet, forKey: .isMet)
    }
}
