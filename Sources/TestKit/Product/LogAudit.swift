import Basics

/// What no program may write.
struct LogAudit {
    let process: ProductProcess
    /// Texts that must not be in any line.
    let secrets: [String]

    /// One sentence for each fault, at most a few of each kind; a secret itself is never in it.
    var complaints: [String] {
        let lines = process.output.split(separator: "\n")
        var complaints: [String] = []
        if lines.isEmpty { complaints.append("\(process.name) logged nothing") }
        for (line, entry) in zip(lines, process.log) {
            guard let entry else {
                complaints.append("\(process.name) wrote a line that is no JSON object: \(masked(line))")
                continue
            }
            let isWhole = ["time", "level", "message"].allSatisfy { entry[$0]?.string != nil }
            if !isWhole { complaints.append("\(process.name) wrote a line without its fields: \(masked(line))") }
            if ["error", "critical"].contains(entry["level"]?.string) {
                complaints.append("\(process.name) logged an error: \(masked(line))")
            }
        }
        for (number, secret) in secrets.enumerated() {
            let place = lines.first { $0.contains(secret) }
            if let place { complaints.append("\(process.name) wrote secret \(number): \(masked(place))") }
        }
        return Array(complaints.prefix(10))
    }

    private func masked(_ line: Substring) -> String {
        var text = String(line.prefix(2_000))
        for secret in secrets {
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "[secret]")
        }
        return text
    }
}
