/// Which of many endpoints want an event. Compiled once, asked for every event: four look-ups by the event's type, then
/// the filters of those endpoints only.
struct EndpointMatcher: Sendable {
    private let endpoints: [Endpoint]
    /// Pattern to places in `endpoints`, ascending.
    private let places: [String: [Int]]

    /// - Parameter endpoints: those that are switched off match nothing.
    init(_ endpoints: [Endpoint]) {
        self.endpoints = endpoints
        var places: [String: [Int]] = [:]
        for (place, endpoint) in endpoints.enumerated() where endpoint.settings.isEnabled {
            for pattern in Set(endpoint.settings.operations) { places[pattern.text, default: []].append(place) }
        }
        self.places = places
    }

    /// Whether no event of any type can match.
    var isEmpty: Bool { places.isEmpty }

    /// Those that want the event, each once, in the order given.
    func endpoints(wanting event: EndpointEvent) -> [Endpoint] {
        var found: [Int] = []
        for pattern in EventPattern.all(matching: event.type) {
            if let more = places[pattern] { found = found.isEmpty ? more : Array(Set(found + more)).sorted() }
        }
        return found.map { endpoints[$0] }.filter { $0.settings.filter.allows(event) }
    }
}
