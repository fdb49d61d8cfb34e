internal import Basics

/// A telephone number as Twenty takes it apart: it keeps the national number and finds the codes by itself.
struct TwentyPhone {
    let national: String
    let country: String
    let callingCode: String

    /// - Parameters:
    ///   - number: with a plus and the calling code, or national when a code is given.
    ///   - country: like `US`; nil when not given.
    ///   - callingCode: like `+1`; nil when not given.
    /// - Throws: 400 for a number that cannot be one, and for a code that contradicts it.
    init(_ number: String, country: String?, callingCode: String?) throws(TwentyError) {
        let invalid = TwentyError.badRequest("Provided phone number is invalid \(number)", code: "INVALID_PHONE_NUMBER")
        let digits = number.filter { $0.isASCII && $0.isNumber }
        let allowed = number.allSatisfy { ($0.isASCII && $0.isNumber) || "+-(). ".contains($0) }
        guard allowed, number.dropFirst().allSatisfy({ $0 != "+" }) else { throw invalid }
        let given = callingCode.map { $0.hasPrefix("+") ? $0 : "+\($0)" }
        let found: (code: String, national: String)
        if number.hasPrefix("+") {
            guard let code = Self.codes.first(where: { digits.hasPrefix($0.code) }) else { throw invalid }
            found = ("+\(code.code)", String(digits.dropFirst(code.code.count)))
        } else if let code = given ?? country.flatMap(Self.code) {
            found = (code, digits)
        } else {
            throw invalid
        }
        guard (found.code == "+1" ? 10...10 : 4...14).contains(found.national.count) else { throw invalid }
        let home = Self.country(found.code, found.national)
        if let given, given != found.code { throw Self.conflict("calling code") }
        if let country, let home, country != home { throw Self.conflict("country code") }
        national = found.national
        self.callingCode = found.code
        self.country = country ?? home ?? ""
    }

    private static func conflict(_ what: String) -> TwentyError {
        .badRequest("Provided and inferred \(what)s are conflicting", code: "CONFLICTING_PHONE_CODES")
    }

    private static func code(_ country: String) -> String? {
        country == "CA" ? "+1" : codes.first { $0.country == country }.map { "+\($0.code)" }
    }

    private static func country(_ code: String, _ national: String) -> String? {
        if code == "+1" { return canada.contains(String(national.prefix(3))) ? "CA" : "US" }
        return codes.first { "+\($0.code)" == code }?.country
    }

    /// Longer codes first, so that a prefix finds its own.
    private static let codes = table.sorted { $0.code.count > $1.code.count }

    private static let table: [(code: String, country: String)] = [
        ("1", "US"), ("7", "RU"), ("20", "EG"), ("27", "ZA"), ("30", "GR"), ("31", "NL"), ("32", "BE"), ("33", "FR"),
        ("34", "ES"), ("36", "HU"), ("39", "IT"), ("40", "RO"), ("41", "CH"), ("43", "AT"), ("44", "GB"), ("45", "DK"),
        ("46", "SE"), ("47", "NO"), ("48", "PL"), ("49", "DE"), ("52", "MX"), ("55", "BR"), ("61", "AU"), ("62", "ID"),
        ("63", "PH"), ("64", "NZ"), ("65", "SG"), ("81", "JP"), ("82", "KR"), ("86", "CN"), ("90", "TR"), ("91", "IN"),
        ("92", "PK"), ("234", "NG"), ("254", "KE"), ("351", "PT"), ("353", "IE"), ("358", "FI"), ("380", "UA"),
        ("420", "CZ"), ("852", "HK"), ("971", "AE"), ("972", "IL"),
    ]

    private static let canada: Set<String> = [
        "204", "226", "236", "249", "250", "263", "289", "306", "343", "354", "365", "367", "368", "382", "403", "416",
        "418", "428", "431", "437", "438", "450", "468", "474", "506", "514", "519", "548", "579", "581", "584", "587",
        "604", "613", "639", "647", "672", "683", "705", "709", "742", "753", "778", "780", "782", "807", "819", "825",
        "867", "873", "879", "902", "905",
    ]
}
