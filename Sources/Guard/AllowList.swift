/// Reads `OUTBOUND_ALLOW`.
public enum AllowList {
    /// An item that cannot be used.
    public struct Fault: Error, Sendable, Hashable {
        /// The item.
        public let item: String
        /// What is wrong with it and what is allowed.
        public let reason: String
    }

    /// The rows of items, in their order.
    public static func rows(_ items: [String]) throws(Fault) -> [AllowRow] {
        guard items.count <= AddressGuard.maximumRows else {
            throw Fault(
                item: items[AddressGuard.maximumRows], reason: "expected at most \(AddressGuard.maximumRows) items")
        }
        var rows: [AllowRow] = []
        for item in items {
            do throws(AllowRow.Fault) {
                rows.append(try AllowRow(item))
            } catch {
                throw Fault(item: item, reason: error.description)
            }
        }
        return rows
    }
}
