import Testing

@testable import Queue

/// What a walk makes of what it sees.
struct JobSurveyTests {
    private let yes = UInt8(ascii: "1")
    private let no = UInt8(ascii: "0")
    private let cancelled = UInt8(ascii: "c")

    private func id() -> JobID { JobID(nowMilliseconds: 1_000) }

    @Test func aJobInOnePlaceIsFine() {
        for place: JobSurvey.Sighting in [.line, .claim, .due, .laneDue, .dead] {
            var survey = JobSurvey()
            let job = id()
            survey.saw(envelopeOf: job, isReadable: true)
            survey.saw(job.description, in: place, flag: yes)
            #expect(survey.nowhere.isEmpty && survey.contradictory.isEmpty && survey.gone.isEmpty)
            #expect(survey.jobCount == 1)
        }
    }

    @Test func aJobInNoPlaceIsLookedFor() {
        var survey = JobSurvey()
        let jobs = [id(), id(), id()]
        survey.saw(envelopeOf: jobs[0], isReadable: true)
        survey.saw(envelopeOf: jobs[0], isReadable: true)
        survey.saw(envelopeOf: jobs[1], isReadable: false)
        survey.saw(jobs[0].description, in: .wish, flag: yes)
        survey.saw(jobs[2].description, in: .line, flag: yes)
        #expect(survey.nowhere == [jobs[0]], "one that cannot be read is left alone")
        #expect(survey.jobCount == 2)
    }

    @Test(arguments: [
        [JobSurvey.Sighting.line, .line], [.claim, .claim], [.line, .claim], [.due, .dead], [.due, .laneDue],
    ])
    func aJobInTwoPlacesIsContradictory(_ places: [JobSurvey.Sighting]) {
        var survey = JobSurvey()
        let job = id()
        for place in places { survey.saw(job.description, in: place, flag: yes) }
        #expect(survey.contradictory == [job])
    }

    @Test func twoSightingsInOneSetAreOne() {
        var survey = JobSurvey()
        let job = id()
        for _ in 0..<2 { survey.saw(job.description, in: .due, flag: yes) }
        #expect(survey.contradictory.isEmpty)
    }

    @Test func marksSuitTheirPlace() {
        var survey = JobSurvey()
        let jobs = [id(), id(), id(), id()]
        survey.saw(jobs[0].description, in: .line, flag: cancelled)
        survey.saw(jobs[0].description, in: .cancelled, flag: cancelled)
        survey.saw(jobs[1].description, in: .cancelled, flag: cancelled)
        survey.saw(envelopeOf: jobs[2], isReadable: true)
        survey.saw(jobs[2].description, in: .line, flag: yes)
        survey.saw(jobs[2].description, in: .cancelled, flag: yes)
        survey.saw(envelopeOf: jobs[3], isReadable: true)
        survey.saw(jobs[3].description, in: .dead, flag: yes)
        survey.saw(jobs[3].description, in: .wish, flag: yes)
        #expect(survey.cancelledNowhere == [jobs[1]])
        #expect(Set(survey.contradictory) == [jobs[2], jobs[3]])
        #expect(survey.gone.isEmpty)
    }

    @Test func namesWithoutEnvelopesAreGone() {
        var survey = JobSurvey()
        survey.saw("no id", in: .line, flag: no)
        survey.saw("x", in: .due, flag: cancelled)
        survey.saw("y", in: [], flag: no)
        #expect(survey.gone == ["no id", "x", "y"])
    }

    @Test func largeEnvelopesAreReadFewAtATime() {
        #expect(QueueRound.nextCount(after: 50, read: 50, bytes: 10_000, slice: 250) == 250)
        #expect(QueueRound.nextCount(after: 50, read: 50, bytes: 50 * 65_536, slice: 250) == 8)
        #expect(QueueRound.nextCount(after: 8, read: 1, bytes: 2_000_000, slice: 250) == 1)
        #expect(QueueRound.nextCount(after: 8, read: 0, bytes: 0, slice: 250) == 16)
    }
}

struct KeyCensusTests {
    @Test func keysAreKnownByNameAndType() {
        var census = KeyCensus(namespace: "aj")
        for (key, type) in [
            ("aj:{q}:ready", "list"), ("aj:{q}:lane:a:b", "list"), ("aj:{q}:claims:w 1", "hash"),
            ("aj:{q}:claims:w2", "none"), ("aj:{q}:receipt:x", "string"), ("aj:{q}:receipt:y", "hash"),
            ("aj:{q}:jobs", "string"), ("aj:{q}:odd", "string"), ("aj:{q}:odd", "string"), ("aj:{Q}:ready", "string"),
            ("aj:workers", "string"), ("aj:{q", "string"), ("ajx:{q}:ready", "string"), ("aj:{r}:due", "zset"),
        ] { census.note(key, type) }
        #expect(census.queues.keys.sorted() == ["q", "r"])
        let q = census.queues["q"]
        #expect(q?.lanes == ["a:b"] && q?.workers == ["w 1"] && q?.unknown == ["aj:{q}:odd"])
        #expect(q?.wrongTypes.map(\.key) == ["aj:{q}:receipt:y", "aj:{q}:jobs"])
    }

    @Test func everyKeyOfAQueueIsKnown() {
        let keys = Keys(namespace: "aj", queue: "q")
        var census = KeyCensus(namespace: "aj")
        for child in Mirror(reflecting: keys).children {
            if let key = child.value as? String, key != "aj:{q}:" { census.note(key, "hash") }
        }
        #expect(census.queues["q"]?.unknown == [])
    }
}
