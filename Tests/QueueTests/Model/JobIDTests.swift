import Foundation
import Queue
import Testing

@Suite struct JobIDTests {
    @Test func idsOfOneProcessDifferAndGrow() {
        let ids = (0..<100_000).map { _ in JobID(nowMilliseconds: 1_763_694_000_000).description }
        #expect(Set(ids).count == ids.count)
        #expect(ids == ids.sorted())
    }

    @Test func aClockSetBackMakesNoOlderId() {
        let first = JobID(nowMilliseconds: 1_900_000_000_000)
        let second = JobID(nowMilliseconds: 1_800_000_000_000)
        #expect(first.description < second.description)
    }

    @Test func textRoundTrips() throws {
        let id = JobID(nowMilliseconds: 1_763_694_000_123)
        #expect(id.description.count == JobID.length)
        #expect(JobID(id.description) == id)
        #expect(JobID(bytes: id.bytes) == id)
    }

    @Test(arguments: ["", "0", "0000000000000000000", "000000000000000000000", "0000000000000000000I", "ÀÀÀÀÀÀÀÀÀÀ"])
    func otherTextIsNoId(_ text: String) {
        #expect(JobID(text) == nil)
    }
}
