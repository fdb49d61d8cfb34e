import Guard
import Testing

/// Name look-ups on threads of their own.
@Suite(.timeLimit(.minutes(1)))
struct NameResolverTests {
    @Test func knownNames() async throws {
        let addresses = try await NameResolver.shared.addresses(of: "localhost")
        #expect(addresses.contains(IPAddress(ipv4: 0x7F00_0001)))
        #expect(Set(addresses).count == addresses.count)
    }

    @Test func namesThatAreNone() async {
        await #expect(throws: LookupFailure.self) { try await NameResolver.shared.addresses(of: "a\u{0}b") }
        await #expect(throws: LookupFailure.self) { try await NameResolver.shared.addresses(of: "") }
    }

    @Test func theCallerWaitsNoLongerThanItSays() async {
        do throws(LookupFailure) {
            // Whichever comes first: a machine without a resolver says so at once.
            _ = try await NameResolver.shared.addresses(of: "no-such-name.invalid", limitMilliseconds: 1)
            Issue.record("it has an address")
        } catch { #expect(!error.description.isEmpty) }
    }

    @Test func many() async throws {
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await NameResolver.shared.addresses(of: "localhost", limitMilliseconds: 30_000).count
                }
            }
            return try await group.reduce(0) { $0 + min($1, 1) }
        }
        #expect(found == 200)
    }
}
