import Foundation

/// What the folders of the private servers have in common.
enum ServerFolder {
    /// The absolute path, without links resolved.
    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// The password kept in the folder, made at the first start.
    static func password(in directory: String) throws(CommandError) -> String {
        let path = "\(directory)/password"
        if let kept = PrivateFile.read(path)?.trimmingCharacters(in: .whitespacesAndNewlines), !kept.isEmpty {
            return kept
        }
        guard !FileManager.default.fileExists(atPath: path) || FileManager.default.isReadableFile(atPath: path) else {
            throw CommandError(.configuration, "cannot read \(path): it belongs to another user")
        }
        let password = SecretMaker.hex(byteCount: 24)
        try PrivateFile.write(password + "\n", to: path)
        return password
    }

    /// The first of the program in `PATH`, then in the folders.
    static func program(_ name: String, folders: [String]) throws(CommandError) -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let candidates = (path.split(separator: ":").map(String.init) + folders).map { "\($0)/\(name)" }
        guard let program = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw CommandError(.missingProgram, "\(name) is not installed (run deploy/setup)")
        }
        return program
    }

    /// Empties a log of more than 8 MiB and answers its size: what is written from now on comes after it.
    static func trimLog(_ path: String) throws(CommandError) -> Int {
        let size = PrivateFile.size(path)
        guard size > 8_388_608 else { return size }
        try PrivateFile.write("", to: path)
        return 0
    }

    /// Removes the folder and what is in it; one that is not there is no error.
    static func remove(_ directory: String) throws(CommandError) {
        guard FileManager.default.fileExists(atPath: directory) else { return }
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            throw CommandError(.system, "cannot remove \(directory)", underlying: error)
        }
    }

    /// Gives the file or folder to the account; nil is the caller himself.
    static func give(_ path: String, to account: ServiceAccount?) throws(CommandError) {
        guard let account else { return }
        do {
            try FileManager.default.setAttributes(
                [.ownerAccountID: Int(account.userID), .groupOwnerAccountID: Int(account.groupID)], ofItemAtPath: path
            )
        } catch {
            throw CommandError(.system, "cannot give \(path) to \(account.name)", underlying: error)
        }
    }
}
