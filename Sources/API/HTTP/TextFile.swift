internal import FoundationEssentials
internal import Program

/// Small text files that variables name.
enum TextFile {
    /// The text of a file of at most 1 MiB.
    ///
    /// - Throws: exit 78, naming the variable and the file.
    static func read(_ path: String, variable: String) throws(ProgramError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Settings.invalid(variable, value: path, "expected a file that can be read")
        }
        guard data.count <= 1_048_576, let text = String(validating: data, as: UTF8.self) else {
            throw Settings.invalid(variable, value: path, "expected a UTF-8 file of at most 1 MiB")
        }
        return text
    }
}
