/// Where the time of training steps goes: by layer and by what is done there.
package final class StepProfile {
    package enum Part: String, Codable, Sendable, CaseIterable {
        case feeding
        case forwardProduct = "forward product"
        case biasAndActivation = "bias and activation"
        case loss
        case slopeAndBiasGradient = "slope and bias gradient"
        case weightGradient = "weight gradient"
        case inputGradient = "input gradient"
        case optimizer
    }

    /// One line of the profile.
    package struct Row: Codable, Sendable {
        /// Such as `784 > 1000`, or the name of a tensor; empty where no layer is meant.
        package var layer: String
        package var part: Part
        package var microsecondsPerStep: Double
    }

    private struct Place: Hashable {
        let layer: String
        let part: Part
    }

    private var places: [Place] = []
    private var durations: [Place: Duration] = [:]
    private(set) var steps = 0

    func measure<Result>(_ part: Part, layer: String, _ body: () -> Result) -> Result {
        let start = ContinuousClock.now
        defer {
            let place = Place(layer: layer, part: part)
            if durations[place] == nil { places.append(place) }
            durations[place, default: .zero] += ContinuousClock.now - start
        }
        return body()
    }

    func stepDone() { steps += 1 }

    /// Forgets what was measured while caches were cold.
    func restart() {
        durations = durations.mapValues { _ in .zero }
        steps = 0
    }

    /// In the order in which a step comes to them.
    package var rows: [Row] {
        places.map { place in
            Row(
                layer: place.layer, part: place.part,
                microsecondsPerStep: (durations[place] ?? .zero) / .microseconds(1) / Double(max(steps, 1)))
        }
    }
}

extension StepProfile? {
    /// Does `body`, and measures it where there is a profile.
    func measure<Result>(_ part: StepProfile.Part, layer: @autoclosure () -> String, _ body: () -> Result) -> Result {
        guard let profile = self else { return body() }
        return profile.measure(part, layer: layer(), body)
    }
}
