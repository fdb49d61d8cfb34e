// Looking up by number and by e-mail. What is found is checked here again: the server's comparison knows no calling codes.

extension TwentyClient {
    /// People whose primary number it is, oldest first: by the national number, which is what Twenty stores, and then only
    /// those with the right calling code. Additional numbers cannot be reached.
    public func people(phone: TwentyPhone) async throws(TwentyError) -> [TwentyRecord] {
        let filter = try Self.filter { () throws(TwentyFilter.Fault) in
            try .isIn("phones.primaryPhoneNumber", [phone.national, phone.e164])
        }
        let page = try await page(.people, TwentyQuery(filter: filter, order: ("createdAt", .ascending)))
        return page.records.filter {
            phone.matches(
                number: $0.text("phones.primaryPhoneNumber"), callingCode: $0.text("phones.primaryPhoneCallingCode"))
        }
    }

    /// The person whose primary e-mail it is; nil when there is none. Additional e-mails cannot be reached.
    public func person(email: String) async throws(TwentyError) -> TwentyRecord? {
        try await find(.people, unique: "emails.primaryEmail", email.lowercased()) {
            $0.primaryEmail?.lowercased() == email.lowercased()
        }
    }

    /// The company with this website; nil when there is none.
    ///
    /// - Parameter website: in whatever form: see ``TwentyCompany/link(_:)``.
    public func company(website: String) async throws(TwentyError) -> TwentyRecord? {
        let link = TwentyCompany.link(website)
        for text in [link, link + "/"] {
            let found = try await find(.companies, unique: "domainName.primaryLinkUrl", text) {
                $0.text("domainName.primaryLinkUrl").map(TwentyCompany.link) == link
            }
            if let found { return found }
        }
        return nil
    }

    /// Whether a record is in the trash.
    public func isInTrash(_ object: TwentyObject, id: String) async throws(TwentyError) -> Bool {
        let filter = try Self.filter { () throws(TwentyFilter.Fault) in
            try .and([.compare("id", .eq, id), .isNull("deletedAt", false)])
        }
        return try await page(object, TwentyQuery(filter: filter, limit: 1)).records.contains { $0.id == id }
    }

    /// Records by a text field that is theirs alone. A value that a filter cannot hold is looked for with a sign for any
    /// character in the place of each that is not allowed, and what is found is compared whole.
    private func find(
        _ object: TwentyObject, unique field: String, _ value: String, _ isIt: (TwentyRecord) -> Bool
    ) async throws(TwentyError) -> TwentyRecord? {
        let isPlain = TwentyFilter.canHold(value)
        let pattern = isPlain ? value : Self.pattern(value)
        let filter = try Self.filter { () throws(TwentyFilter.Fault) in
            try .compare(field, isPlain ? .eq : .like, pattern)
        }
        var query = TwentyQuery(filter: filter)
        for _ in 0..<Self.maximumPatternPages {
            let page = try await page(object, query)
            if let record = page.records.first(where: isIt) { return record }
            guard let cursor = page.nextCursor else { return nil }
            query.after = cursor
        }
        throw TwentyError(.validationError, "too many records are like a value that a filter cannot hold")
    }

    private static let maximumPatternPages = 5

    private static func pattern(_ value: String) -> String {
        String(value.map { TwentyFilter.canHold(String($0)) ? $0 : "_" })
    }

    static func filter(
        _ make: () throws(TwentyFilter.Fault) -> TwentyFilter
    ) throws(TwentyError) -> TwentyFilter {
        do throws(TwentyFilter.Fault) {
            return try make()
        } catch {
            throw TwentyError(.validationError, error.description)
        }
    }
}
