import Foundation
import Subprocess
import SystemPackage

/// What to run, and how.
package struct ChildCommand: Sendable {
    /// Where the process's standard output and standard error go.
    package enum Output: Sendable {
        case standardError
        case standardOutput
        case file(String)
        case discarded
    }

    /// The signals for a parent's death, by the names that `setpriv` takes.
    package enum ParentDeathSignal: String, Sendable {
        case kill = "KILL"
        case quit = "QUIT"
        case terminate = "TERM"
    }

    /// The program's absolute path.
    package var executable: String
    package var arguments: [String]
    /// The whole environment: nothing is inherited besides.
    package var environment: [String: String]
    package var workingDirectory: String?
    package var output: Output
    /// The user to run as; only root may set one.
    package var account: ServiceAccount?
    /// The signal that the kernel sends the process when this one dies, however it dies.
    package var parentDeathSignal: ParentDeathSignal

    package init(
        executable: String, arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil, output: Output = .standardError, account: ServiceAccount? = nil,
        parentDeathSignal: ParentDeathSignal = .kill
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.output = output
        self.account = account
        self.parentDeathSignal = parentDeathSignal
    }

    /// The process leads its own group, so that Ctrl-C on the terminal reaches this process alone and the stop order
    /// is ours.
    ///
    /// The parent-death signal belongs to the thread that forked: the library forks from one thread that it keeps
    /// until this process exits, so the signal comes then and not before. `setpriv` sets it after the change of user,
    /// which would clear it, and then becomes the program, so the process id is the program's.
    func configuration() -> Configuration {
        var options = PlatformOptions()
        options.processGroupID = 0
        var path = executable
        var words = arguments
        if let setpriv = Self.setpriv {
            var prefix = ["--pdeathsig=\(parentDeathSignal.rawValue)"]
            if let account {
                prefix += ["--reuid=\(account.userID)", "--regid=\(account.groupID)", "--init-groups"]
            }
            words = prefix + ["--", executable] + arguments
            path = setpriv
        } else if let account {
            options.userID = account.userID
            options.groupID = account.groupID
            options.supplementaryGroups = []
        }
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        return Configuration(
            executable: .path(FilePath(path)), arguments: Arguments(words),
            environment: .custom(Dictionary(uniqueKeysWithValues: variables)),
            workingDirectory: workingDirectory.map { FilePath($0) }, platformOptions: options
        )
    }

    private static let setpriv: String? = ["/usr/bin/setpriv", "/bin/setpriv"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
}
