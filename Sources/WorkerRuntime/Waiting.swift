import Glibc

/// How long to wait before the same is tried again: longer after each failure in a row, drawn at random from the upper half
/// of a range, so that many workers do not come back in step.
enum Backoff {
    static let firstSeconds = 1.0
    static let longestSeconds = 60.0

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - random: 0 ..< 1, drawn anew for each pause.
    static func seconds(afterFailures failures: Int, random: Double = .random(in: 0..<1)) -> Double {
        let range = min(longestSeconds, firstSeconds * Double(1 << min(max(failures - 1, 0), 20)))
        return range * (1 + random) / 2
    }
}

/// Sleeping on the slots' own threads.
enum Pause { static func briefly() { usleep(2_000) } }
