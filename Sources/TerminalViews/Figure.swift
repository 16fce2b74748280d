package import RunProtocol

/// Numbers as people read them. Those from outside may be anything.
package enum Figure {
    /// With exactly so many digits after the point, thousands apart: `12,345.678`.
    package static func number(_ value: Double, decimals: Int = 0) -> String {
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
        let whole = Int((value.magnitude * scale).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        let (front, back) = (whole / Int(scale), String(whole % Int(scale)))
        let fraction = decimals > 0 ? "." + String(repeating: "0", count: decimals - back.count) + back : ""
        return sign + grouped(front) + fraction
    }

    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digits[index])
        }
    }

    package static func value(_ value: Double, _ format: MetricDescription.Format) -> String {
        switch format {
        case .number: number(value, decimals: 3)
        case .share: percent(value)
        case .count: number(value)
        }
    }

    /// A rate: digits after the point only where it is small.
    package static func rate(_ value: Double) -> String { number(value, decimals: value.magnitude < 10 ? 1 : 0) }

    /// A share of 1 in percent.
    package static func percent(_ share: Double) -> String { "\(number(share * 100)) %" }

    /// Such as `0:07`, `1:02:03` or `5 days`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "long" }
        let whole = Int(max(0, seconds).rounded())
        func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (minutes, hours) = (whole / 60 % 60, whole / 3_600)
        if hours >= 100 { return "\(hours / 24) days" }
        let end = twoDigits(whole % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(end)" : "\(minutes):\(end)"
    }

    /// One unit: `7 s`, `3 min`, `2 h`.
    package static func age(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "long" }
        let whole = Int(max(0, seconds).rounded())
        return whole < 100 ? "\(whole) s" : whole < 6_000 ? "\(whole / 60) min" : "\(whole / 3_600) h"
    }

    /// In units of 1024.
    package static func bytes(_ count: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (count, 0)
        while value >= 1_024, unit < units.count - 1 { (value, unit) = (value / 1_024, unit + 1) }
        return "\(number(value, decimals: unit > 0 && value < 100 ? 1 : 0)) \(units[unit])"
    }

    /// Such as `1 worker` or `1,200 workers`.
    package static func count(_ count: Int, _ noun: String) -> String {
        "\(grouped(max(0, count))) \(noun)\(count == 1 ? "" : "s")"
    }
}
