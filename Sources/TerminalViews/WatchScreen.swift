package import RunProtocol

/// A run and the workers of its coordinator: where it stands, how it learns, who computes. What `cairn watch` shows.
package struct WatchScreen: Sendable {
    private static let mostCurves = 4

    private let run: RunStatus
    private let workers: [WorkerStatus]
    private let time: Double
    private let notice: String?

    /// - Parameters:
    ///   - workers: those to be shown; none once the run has ended.
    ///   - time: seconds since 1970.
    ///   - notice: why what is shown may be old.
    package init(_ run: RunStatus, workers: [WorkerStatus], time: Double, notice: String? = nil) {
        (self.run, self.workers, self.time, self.notice) = (run, workers, time, notice)
    }

    /// At most `size.rows` lines of at most `size.columns` columns: where room is short, first the empty lines go, then the
    /// workers, then from below what is left.
    package func lines(in size: ScreenSize) -> [Line] {
        let (width, isTall) = (size.columns, size.rows >= 36)
        var blocks = [header(width), bars(width), curves(width, height: isTall ? 4 : 1), figures]
        if isTall { blocks.append(finishedStages(width)) }
        blocks.append(remarks(width, isTall: isTall))
        let gap = size.rows >= 16 ? [Line()] : []
        var lines = blocks.filter { !$0.isEmpty }.reduce([]) { $0.isEmpty ? $1 : $0 + gap + $1 }
        let table = WorkerTable(workers).lines(width: width, height: size.rows - lines.count - gap.count)
        if !table.isEmpty { lines += gap + table }
        return lines.prefix(size.rows).map { $0.cut(to: width) }
    }

    // MARK: Where it stands

    private func header(_ width: Int) -> [Line] {
        let state = Line(run.state.rawValue, run.state.style)
        let elapsed = Line(Figure.duration(run.elapsed(at: time)))
        let right = [state, elapsed].joined().cut(to: width)
        let name = [Line(run.name.displayable(), .strong), Line(run.id.rawValue.displayable(), .faint)].joined()
        let left = name.cut(to: max(0, width - right.width - 2))
        let blank = Line(String(repeating: " ", count: max(0, width - left.width - right.width)))
        let style: Style = notice == nil && !run.state.isFinal ? .warning : .bad
        let reason = (notice ?? run.reason).map { text in
            text.displayable(atMost: 300).wrapped(to: width).prefix(3).map { Line($0, style) }
        }
        return [left + blank + right] + (reason ?? [])
    }

    private func bars(_ width: Int) -> [Line] {
        let running = run.stages.firstIndex { $0.state == .running }
        let place = running.map { "stage \($0 + 1) of \(run.stages.count)" }
        let left = run.state.isFinal ? nil : run.secondsLeft.map { "\(Figure.duration($0)) left" }
        var bars = [
            ProgressBar(
                "run", share: run.state == .finished ? 1 : run.progress ?? 0, figures: [place, left].compactMap(\.self))
        ]
        if let stage = running.map({ run.stages[$0] }), !run.state.isFinal {
            bars += [
                ProgressBar(
                    stage.name.displayable(atMost: 20), share: stage.progress ?? 0,
                    figures: [
                        "round \(stage.round) of \(stage.rounds)",
                        stage.secondsLeft.map { "\(Figure.duration($0)) left" },
                    ].compactMap(\.self)),
                ProgressBar(
                    "round \(stage.round)", share: Double(stage.tasksDone) / Double(max(stage.tasks, 1)),
                    figures: ["\(stage.tasksDone) of \(stage.tasks) tasks"]),
            ]
        }
        return ProgressBar.lines(bars, width: width)
    }

    // MARK: How it learns

    /// The stage at work, or the last one that has figures.
    private func curves(_ width: Int, height: Int) -> [Line] {
        let stage =
            run.stages.first { $0.state == .running && !$0.history.isEmpty } ?? run.stages.last { !$0.history.isEmpty }
        guard let stage else { return [] }
        let rows = stage.metrics.filter { $0.direction != nil }.map { metric in
            // Without the round in progress, of which not all tasks are done.
            let records = stage.history.filter {
                metric.of != .round || stage.state != .running || $0.round < stage.round
            }
            return (metric: metric, values: records.compactMap { $0.metrics[metric.name] })
        }.filter { !$0.values.isEmpty }.prefix(Self.mostCurves)
        let labels = rows.enumerated().map { index, row in
            (index == 0 ? "\(stage.name.displayable(atMost: 20)): " : "") + row.metric.title.displayable(atMost: 30)
        }
        let labelWidth = labels.reduce(0) { max($0, $1.columns) }
        let values = rows.map { Figure.value($0.values[$0.values.count - 1], $0.metric.format) }
        let valueWidth = values.reduce(0) { max($0, $1.columns) }
        return zip(zip(labels, rows), values).flatMap { row, value in
            let front =
                Line(row.0).fitted(to: labelWidth) + "  " + Line(value, .strong).fitted(to: valueWidth, isRight: true)
            let lines = Curve(row.1.values).lines(width: max(0, width - front.width - 2), height: height)
            return lines.indices.map { index in
                let start = index == lines.count - 1 ? front : Line().fitted(to: front.width)
                return (start + "  " + Line(lines[index], .accent)).trimmed
            }
        }
    }

    private var figures: [Line] {
        guard !run.state.isFinal else { return [] }
        var figures = [Line(Figure.count(run.workers, "worker"), run.workers == 0 ? .warning : .plain)]
        figures.append(Line("\(Figure.count(run.tasksInProgress, "task")) in progress"))
        if let speed = run.samplesPerSecond { figures.append(Line("\(Figure.rate(speed)) samples/s")) }
        if let stage = run.stages.last(where: { $0.last($0.primary) != nil }), let metric = stage.primary,
            let ratio = stage.last(metric)?.ratio(of: metric)
        {
            let isBetter = metric.direction == .higherIsBetter ? ratio > 1 : ratio < 1
            let text = "\(Figure.number(ratio, decimals: 3)) \(metric.ratio ?? "")"
            figures.append(Line(text.displayable(atMost: 60), isBetter ? .plain : .warning))
        }
        if let stage = run.stages.last(where: { $0.state != .waiting }), let last = stage.history.last {
            for metric in stage.metrics {
                guard let phrase = metric.phrase, let value = last.metrics[metric.name] else { continue }
                figures.append(Line("\(Figure.value(value, metric.format)) \(phrase)".displayable(atMost: 40)))
            }
        }
        if let unit = run.stages.first(where: { $0.state == .running })?.metrics.first?.unit {
            figures.append(Line(unit.text.displayable(atMost: 80), .faint))
        }
        if let bytes = run.diskBytes { figures.append(Line("\(Figure.bytes(Double(bytes))) on disk")) }
        return [figures.joined()]
    }

    /// The newest remarks, all of a sentence only where there is room; those of a run that has ended are printed below.
    private func remarks(_ width: Int, isTall: Bool) -> [Line] {
        guard !run.state.isFinal else { return [] }
        let shown = (run.remarks ?? []).suffix(isTall ? 6 : 2)
        return shown.flatMap { remark in
            "remark: \(remark.text)".displayable(atMost: 600).wrapped(to: width).prefix(isTall ? 4 : 1)
                .map { Line($0, .warning) }
        }
    }

    private func finishedStages(_ width: Int) -> [Line] {
        let finished = run.stages.filter { $0.state == .finished }.suffix(6)
        // What stages are judged by: a column each, and one for its ratio to the baseline.
        let primaries = finished.compactMap(\.primary).reduce(into: [MetricDescription]()) { found, metric in
            if !found.contains(where: { $0.title == metric.title }) { found.append(metric) }
        }
        let columns =
            [Table.Column(title: "finished", least: 8), Table.Column(title: "rounds", isRight: true, rank: 2)]
            + primaries.flatMap { metric in
                [(metric.title, 1), (metric.ratio ?? "", 3)].map {
                    Table.Column(title: $0.displayable(atMost: 30), isRight: true, rank: $1)
                }
            } + [Table.Column(title: "time", isRight: true, rank: 3), Table.Column(title: "why", least: 12, rank: 4)]
        let rows = finished.map { stage in
            [Line(stage.name.displayable(atMost: 20)), Line("\(stage.history.count(where: stage.hasClosed))")]
                + primaries.flatMap { metric -> [Line] in
                    let last = stage.primary?.title == metric.title ? stage.last(metric) : nil
                    let value = last?.metrics[metric.name].map { Figure.value($0, metric.format) }
                    let ratio = last?.ratio(of: metric).map { Figure.number($0, decimals: 3) }
                    return [Line(value ?? ""), Line(ratio ?? "")]
                } + [
                    Line(stage.duration.map(Figure.duration) ?? ""),
                    Line(stage.note?.displayable(atMost: 200) ?? ""),
                ]
        }
        return rows.isEmpty ? [] : Table(columns: columns, rows: rows).lines(width: width)
    }
}

extension RunStatus.State {
    var style: Style {
        switch self {
        case .preparing: .accent
        case .running, .finished: .good
        case .waiting, .paused, .cancelled: .warning
        case .failed: .bad
        }
    }
}
