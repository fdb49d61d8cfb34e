internal import Guard

/// One of the systems that jobs call (the CRM, the Hub, the assistant, TIPS, …): where it is and what it wants to see.
public struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
    /// Why an address is refused. Never holds the address.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, as the end of a sentence.
        public let description: String
    }

    /// For logs and errors, like `crm`.
    public let name: String
    /// What paths are put behind; without a slash at its end, without query and fragment.
    public let base: WebhookURL
    /// Sent as `Authorization: Bearer`; nil sends none.
    public let token: WebhookSecret?
    /// What its own guard opens: the place itself, if whoever runs this named it. Empty for an address that came
    /// through the API, which is judged like any delivery's.
    let rows: [AllowRow]

    /// - Parameter isNamedByOperator: whether the address stands in a variable. Such a place may be private or on this
    ///   machine; a variable is as good a permission as an item of `OUTBOUND_ALLOW`, for this place alone.
    public init(name: String, url: String, token: WebhookSecret?, isNamedByOperator: Bool) throws(Fault) {
        guard !url.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw Fault(description: "it holds a query or a fragment")
        }
        var text = url
        while text.hasSuffix("/") { text.removeLast() }
        do throws(WebhookURL.Fault) {
            base = try WebhookURL(text)
        } catch {
            throw Fault(description: error.description)
        }
        self.name = name
        self.token = token
        rows = isNamedByOperator ? try Self.rows(base) : []
    }

    /// The place, never path or token.
    public var description: String { "\(name) at \(base.host):\(base.port)" }

    /// The address of a path below the base, with a query whose values are encoded to the last reserved character: a
    /// plus sign in a phone number would arrive as a space.
    func url(path: String, query: [(name: String, value: String)]) -> String {
        var text = base.text + path
        for (index, field) in query.enumerated() {
            text += index == 0 ? "?" : "&"
            text += PercentEncoding.encode(field.name) + "=" + PercentEncoding.encode(field.value)
        }
        return text
    }

    private static func rows(_ base: WebhookURL) throws(Fault) -> [AllowRow] {
        // No item opens loopback by name, since a name may lead elsewhere tomorrow; the two addresses it stands for do.
        let hosts = base.host == "localhost" ? ["127.0.0.1", "[::1]"] : [base.target.description]
        var rows: [AllowRow] = []
        for host in hosts {
            do throws(AllowRow.Fault) {
                rows.append(try AllowRow("\(host):\(base.port)"))
            } catch {
                throw Fault(description: error.description)
            }
        }
        return rows
    }
}
