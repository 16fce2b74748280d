import PrometheusMetrics
import Testing

@Suite struct PrometheusTextTests {
    @Test func familiesAndSeriesAreInOrder() {
        let runs = MetricFamily(
            FamilyDescription("runs", .gauge, ["state", "kind"], "Runs."),
            [(["running", "b"], 2), (["running", "a"], 1.5), (["failed", "a"], nil)])
        let up = MetricFamily(FamilyDescription("a_total", .counter, [], "All."), [([], 7)])
        let empty = MetricFamily(FamilyDescription("empty", .gauge, [], "Nothing."), [])
        #expect(
            PrometheusText.render([runs, empty, up]) == """
                # HELP a_total All.
                # TYPE a_total counter
                a_total 7
                # HELP runs Runs.
                # TYPE runs gauge
                runs{state="running",kind="a"} 1.5
                runs{state="running",kind="b"} 2

                """)
    }

    @Test func histogramsCountUpwards() {
        var histogram = Histogram(bounds: [0.5, 2])
        for value in [0.5, 1, 1, 100] { histogram.add(value) }
        let series = MetricSeries(labels: [MetricLabel(name: "step", value: "x")], value: .histogram(histogram))
        let family = MetricFamily(FamilyDescription("t_seconds", .histogram, ["step"], ""), series: [series])
        #expect(
            PrometheusText.render([family]) == """
                # TYPE t_seconds histogram
                t_seconds_bucket{step="x",le="0.5"} 1
                t_seconds_bucket{step="x",le="2"} 3
                t_seconds_bucket{step="x",le="+Inf"} 4
                t_seconds_sum{step="x"} 102.5
                t_seconds_count{step="x"} 4

                """)
    }

    @Test func whatOthersWroteIsEscapedAndCutOff() {
        let names = ["a\"b\\c\nd", String(repeating: "x", count: 300)]
        let family = MetricFamily(
            FamilyDescription("m", .gauge, ["name"], "Back\\slash,\nnew line, \"quotes\"."), names.map { ([$0], 1) })
        #expect(
            PrometheusText.render([family]) == """
                # HELP m Back\\\\slash,\\nnew line, "quotes".
                # TYPE m gauge
                m{name="a\\"b\\\\c\\nd"} 1
                m{name="\(String(repeating: "x", count: 256))"} 1

                """)
    }

    @Test(arguments: [
        (0.0, "0"), (-3, "-3"), (0.1, "0.1"), (1e15, "1000000000000000"), (1e300, "1e+300"), (1e-7, "1e-07"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbersAreWritten(_ number: Double, _ text: String) {
        let family = MetricFamily(FamilyDescription("m", .gauge, [], ""), [([], number)])
        #expect(PrometheusText.render([family]) == "# TYPE m gauge\nm \(text)\n")
    }

    @Test func theProcessIsKnown() throws {
        let families = ProcessFigures.families
        let values = Dictionary(
            uniqueKeysWithValues: families.map { ($0.description.name, $0.series.first?.value) })
        for family in families {
            guard case .number(let number)? = values[family.description.name] ?? nil else {
                Issue.record("\(family.description.name) has no value")
                continue
            }
            #expect(number >= 0)
        }
        guard case .number(let memory)? = values["process_resident_memory_bytes"] ?? nil,
            case .number(let address)? = values["process_virtual_memory_bytes"] ?? nil,
            case .number(let start)? = values["process_start_time_seconds"] ?? nil
        else { return }
        #expect(memory > 1_000_000 && memory < address)
        // After this was written, and not in the far future.
        #expect(start > 1_600_000_000 && start < 10_000_000_000)
    }
}
