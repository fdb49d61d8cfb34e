/// A kind of record in Twenty, by the two names that its API uses.
public struct TwentyObject: Sendable, Hashable, CustomStringConvertible {
    /// In paths and in lists, such as `people`.
    public let plural: String
    /// In single answers, such as `person`.
    public let singular: String

    /// - Parameters: both as the API spells them, letters and digits only.
    public init(plural: String, singular: String) {
        (self.plural, self.singular) = (plural, singular)
    }

    /// People.
    public static let people = TwentyObject(plural: "people", singular: "person")
    /// Companies.
    public static let companies = TwentyObject(plural: "companies", singular: "company")
    /// The users of a workspace.
    public static let workspaceMembers = TwentyObject(plural: "workspaceMembers", singular: "workspaceMember")

    /// The plural name.
    public var description: String { plural }

    /// Such as `createPerson`: what an answer's data stands under.
    func answerKey(_ verb: String, many: Bool = false) -> String {
        let name = many ? plural : singular
        return verb + name.prefix(1).uppercased() + name.dropFirst()
    }
}
