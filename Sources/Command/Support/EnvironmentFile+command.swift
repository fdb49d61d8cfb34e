package import Basics
import Foundation

extension EnvironmentFile {
    /// The variables of the file at `path`.
    ///
    /// - Throws: `.configuration`, naming the file and the line, never the value.
    package static func read(_ path: String) throws(CommandError) -> [String: String] {
        do throws(Failure) { return try EnvironmentFile(path: path).variables } catch {
            throw CommandError(.configuration, error.message)
        }
    }

    /// As ``read(_:)``, of text in hand; `name` is for the error message.
    package static func parse(_ text: String, name: String) throws(CommandError) -> [String: String] {
        do throws(Failure) { return try EnvironmentFile(text: text, name: name).variables } catch {
            throw CommandError(.configuration, error.message)
        }
    }

    /// The text of such a file, in the order given. A line break in a value becomes a comma, which every variable with
    /// several items takes as well.
    package static func text(_ values: [(key: String, value: String)]) -> String {
        values.map { key, value in
            let items = value.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            return "\(key)=\(items.joined(separator: ","))\n"
        }.joined()
    }
}
