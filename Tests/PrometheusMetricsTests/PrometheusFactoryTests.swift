import CoreMetrics
import PrometheusMetrics
import Testing

@Suite struct PrometheusFactoryTests {
    private func text(_ factory: PrometheusFactory) -> String { PrometheusText.render(factory.families) }

    @Test func countersOnlyGoUp() {
        let factory = PrometheusFactory(describing: [FamilyDescription("jobs_total", .counter, ["end"], "Jobs.")])
        let counter = Counter(label: "jobs", dimensions: [("end", "done")], factory: factory)
        counter.increment()
        counter.increment(by: 4)
        counter.increment(by: -3)
        // The same name and labels: the same series.
        Counter(label: "jobs_total", dimensions: [("end", "done")], factory: factory).increment()
        Counter(label: "jobs_total", dimensions: [("end", "lost")], factory: factory).increment(by: 0)
        #expect(
            text(factory) == """
                # HELP jobs_total Jobs.
                # TYPE jobs_total counter
                jobs_total{end="done"} 6
                jobs_total{end="lost"} 0

                """)
        counter.reset()
        #expect(text(factory).contains("jobs_total{end=\"done\"} 0\n"))
    }

    @Test func floatingPointCountersAddFractions() {
        let factory = PrometheusFactory()
        let counter = FloatingPointCounter(label: "joules", factory: factory)
        for amount in [0.25, 0.5, -1, .infinity, .nan] { counter.increment(by: amount) }
        #expect(text(factory) == "# TYPE joules_total counter\njoules_total 0.75\n")
    }

    @Test func gaugesGoUpAndDown() {
        let factory = PrometheusFactory()
        let meter = Meter(label: "heat", factory: factory)
        meter.set(20)
        meter.increment(by: 0.5)
        meter.decrement(by: 3)
        Gauge(label: "depth", factory: factory).record(2)
        #expect(text(factory) == "# TYPE depth gauge\ndepth 2\n# TYPE heat gauge\nheat 17.5\n")
    }

    @Test func timersAreHistogramsInSeconds() {
        let description = FamilyDescription("round_seconds", .histogram, [], "Rounds.", buckets: [1, 10])
        let factory = PrometheusFactory(describing: [description])
        let timer = Timer(label: "round", factory: factory)
        timer.recordMilliseconds(500)
        timer.recordSeconds(2)
        #expect(
            text(factory) == """
                # HELP round_seconds Rounds.
                # TYPE round_seconds histogram
                round_seconds_bucket{le="1"} 1
                round_seconds_bucket{le="10"} 2
                round_seconds_bucket{le="+Inf"} 2
                round_seconds_sum 2.5
                round_seconds_count 2

                """)
        Recorder(label: "size", factory: factory).record(3)
        #expect(text(factory).contains("size_bucket{le=\"2\"} 0\nsize_bucket{le=\"5\"} 1\n"))
    }

    @Test func namesAreMadeValid() {
        let factory = PrometheusFactory()
        let dimensions = [("1st", "a"), ("le", "b"), ("__name__", "c"), ("größe", "d"), ("1st", "e")]
        Counter(label: "http.requests-in", dimensions: dimensions, factory: factory).increment()
        Meter(label: "2nd:part", factory: factory).set(1)
        #expect(
            text(factory) == """
                # TYPE _2nd:part gauge
                _2nd:part 1
                # TYPE http_requests_in_total counter
                http_requests_in_total{_1st="a",gr__e="d",label___name__="c",label_le="b"} 1

                """)
    }

    @Test func aNameOfAnotherKindIsRefused() {
        let factory = PrometheusFactory()
        Counter(label: "x_total", factory: factory).increment()
        Meter(label: "x_total", factory: factory).set(5)
        #expect(text(factory) == "# TYPE x_total counter\nx_total 1\n")
        #expect(factory.refusedSeries == 1)
    }

    @Test func seriesHaveALimit() {
        let factory = PrometheusFactory(seriesLimit: 2)
        let counters = (0..<4).map { Counter(label: "c", dimensions: [("n", "\($0)")], factory: factory) }
        for counter in counters { counter.increment() }
        #expect(text(factory) == "# TYPE c_total counter\nc_total{n=\"0\"} 1\nc_total{n=\"1\"} 1\n")
        #expect(factory.refusedSeries == 2)
        // What is destroyed makes room.
        counters[0].destroy()
        counters[3].destroy()
        Counter(label: "c", dimensions: [("n", "9")], factory: factory).increment()
        #expect(text(factory) == "# TYPE c_total counter\nc_total{n=\"1\"} 1\nc_total{n=\"9\"} 1\n")
    }

    @Test func destroyedMetersLeaveNothing() {
        let factory = PrometheusFactory()
        let meter = Meter(label: "m", factory: factory)
        meter.set(1)
        meter.destroy()
        #expect(text(factory) == "")
    }

    @Test func manyThreadsCountTogether() async {
        let factory = PrometheusFactory()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 { Counter(label: "c", factory: factory).increment() }
                }
            }
        }
        #expect(text(factory) == "# TYPE c_total counter\nc_total 8000\n")
    }
}
