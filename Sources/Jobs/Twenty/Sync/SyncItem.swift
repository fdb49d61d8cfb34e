import Basics

/// Which of ours a synced record is.
public enum SyncKind: String, Sendable, Hashable, CaseIterable {
    case company, person

    /// What Twenty calls them.
    var object: TwentyObject { self == .company ? .companies : .people }
    /// What is theirs alone, besides the id.
    var uniqueField: String { self == .company ? "domainName.primaryLinkUrl" : "emails.primaryEmail" }
}

/// One of our records on its way to Twenty: who it is for us, and what is to be so of it.
public struct SyncItem: Sendable, Hashable {
    /// What of it there is in Twenty.
    enum Draft: Sendable, Hashable {
        case company(TwentyCompany)
        case person(TwentyPerson)
    }

    /// The company that a person belongs to.
    struct Employer: Sendable, Hashable {
        let externalID: String
        /// For a company that has to be made.
        let name: String?
    }

    /// Our id: the same id always stands for the same record.
    public let externalID: String
    var draft: Draft
    /// Of a person.
    let employer: Employer?

    /// What it is.
    public var kind: SyncKind {
        switch draft {
        case .company: .company
        case .person: .person
        }
    }

    /// The id that it gets in Twenty if it has to be made there.
    var id: String { Self.id(kind, externalID) }

    static func id(_ kind: SyncKind, _ externalID: String) -> String {
        NameBasedID("crm:\(kind.rawValue):\(externalID)").text
    }

    /// Its e-mail or website, if it has one.
    var unique: String? {
        switch draft {
        case .company(let company): company.website
        case .person(let person): person.email
        }
    }

    func fields(id: String?) -> JSONObject {
        switch draft {
        case .company(let company): company.fields(id: id)
        case .person(let person): person.fields(id: id)
        }
    }

    func changes(from record: TwentyRecord) -> JSONObject {
        switch draft {
        case .company(let company): company.changes(from: record)
        case .person(let person): person.changes(from: record)
        }
    }

    /// Whether a record has its e-mail or website.
    func isUnique(of record: TwentyRecord) -> Bool {
        guard let unique else { return false }
        guard let text = record.text(kind.uniqueField) else { return false }
        return kind == .company ? TwentyCompany.link(text) == unique : text.lowercased() == unique
    }
}
