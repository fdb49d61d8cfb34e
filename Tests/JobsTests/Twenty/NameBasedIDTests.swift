import Testing

@testable import Jobs

@Suite struct NameBasedIDTests {
    /// Of Python's `uuid.uuid5`.
    @Test(arguments: [
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"),
        ("6d1f0eb4-5c1a-5b0f-9e64-2c770ad3418b", "person:tips:4711", "9c312f95-8dfd-59a1-a8ec-a60270571a03"),
        ("6d1f0eb4-5c1a-5b0f-9e64-2c770ad3418b", "Zoë", "68d05567-4d3a-5c43-826b-482a80f59d5a"),
    ])
    func isThatOfTheStandard(namespace: String, name: String, id: String) throws {
        #expect(NameBasedID(name, in: try #require(NameBasedID(namespace))).text == id)
    }

    @Test func ourNamespaceDoesNotChange() {
        #expect(NameBasedID.aventora.text == "6d1f0eb4-5c1a-5b0f-9e64-2c770ad3418b")
        #expect(NameBasedID("person:tips:4711").text == "9c312f95-8dfd-59a1-a8ec-a60270571a03")
    }

    @Test(arguments: [
        "", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
        "6ba7b810-9dad11d1--80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c80",
    ])
    func whatIsNoUUIDIsNoNamespace(text: String) { #expect(NameBasedID(text) == nil) }
}
