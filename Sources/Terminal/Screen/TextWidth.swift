/// How many columns of a terminal a text takes, near enough for tables.
enum TextWidth {
    /// Wide characters of East Asian scripts and emoji take two, marks that combine with the one before none.
    static func columns(of text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + columns(of: $1) }
    }

    /// As much of a text as fits, with `…` at its end if it was cut.
    static func cut(_ text: String, to columns: Int) -> String {
        guard Self.columns(of: text) > columns else { return text }
        var room = columns - 1
        var kept = ""
        for character in text {
            room -= Self.columns(of: character)
            guard room >= 0 else { break }
            kept.append(character)
        }
        return columns > 0 ? kept + "…" : ""
    }

    private static func columns(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
