internal import Basics
internal import Logging
internal import Queue

/// Runs `tips.bootstrap_fields` jobs: makes the fields and the role that a sync needs, as far as they are missing.
struct TipsFieldsHandler: Sendable {
    let connections: TipsConnections
    let logger: Logger

    /// The handler for the registry.
    var handler: JobHandler {
        JobHandler(kind: JobKind.tipsBootstrapFields, queue: JobQueue.tips, leavesTrace: true) { _ in
            do throws(TwentyError) {
                let made = try await run()
                logger.info("tips fields are there", metadata: ["made": "\(made.joined(separator: ", "))"])
                return .done(note: made.isEmpty ? "all was there" : "made \(made.joined(separator: ", "))")
            } catch {
                return error.outcome
            }
        }
    }

    /// The names of what was made.
    private func run() async throws(TwentyError) -> [String] {
        let objects = try await connections.twenty.objectFields()
        var made: [String] = []
        for field in TipsFields.missing(objects) {
            guard let object = objects.first(where: { $0.name == field.object }) else {
                throw TwentyError(.validationError, "the workspace has no object \(field.object)")
            }
            try await connections.twenty.addField(field, to: object.id)
            made.append("\(field.object).\(field.name)")
        }
        if try await connections.twenty.roles()[TipsFields.hubRole] == nil {
            try await connections.twenty.addRole(
                TipsFields.hubRole, description: "Members who use the Hub, as TIPS says.")
            made.append(TipsFields.hubRole)
        }
        return made
    }
}
