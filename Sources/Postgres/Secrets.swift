/// Texts that must never be shown.
struct Secrets: Sendable {
    private let values: [[UInt8]]

    /// Longest first, so that a secret within another leaves no rest of it.
    init(_ values: [String]) {
        self.values = values.filter { !$0.isEmpty }.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    func adding(_ value: String?) -> Secrets {
        Secrets(values.map { String(decoding: $0, as: UTF8.self) } + [value].compactMap { $0 })
    }

    /// The text with every secret in it replaced by `***`.
    func scrub(_ text: String) -> String {
        guard !values.isEmpty else { return text }
        var rest = Array(text.utf8)[...]
        var scrubbed: [UInt8] = []
        while let first = rest.first {
            if let secret = values.first(where: { rest.starts(with: $0) }) {
                scrubbed.append(contentsOf: Array("***".utf8))
                rest = rest.dropFirst(secret.count)
            } else {
                scrubbed.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: scrubbed, as: UTF8.self)
    }
}
