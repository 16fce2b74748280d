import DataFormats
import FoundationEssentials
import PlanFile
import RunProtocol
import UpdateFiles

/// Something does not hold of what was read.
package struct BrokenPromise: Error, CustomStringConvertible { package let description: String }

/// - Throws: `BrokenPromise` unless `condition` holds.
func promise(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    guard condition else { throw BrokenPromise(description: text()) }
}

/// What `read` gives; nil where it refuses the bytes.
/// - Throws: `BrokenPromise` whenever it refuses them in words that cannot be shown.
func accepted<Value>(_ read: () throws -> Value) throws -> Value? {
    do {
        return try read()
    } catch let error as BrokenPromise {
        throw error
    } catch let error as PlanMistakes {
        try promise((1...100).contains(error.mistakes.count), "\(error.mistakes.count) mistakes are told")
        try error.mistakes.forEach { try checkShown($0.description) }
    } catch let error as RefusedAnswer {
        try checkShown(error.reason)
    } catch let error as DecodingError {
        try checkShown(APIError(malformed: error).description)
    } catch {
        try promise(error is DataError || error is UpdateError || error is APIError, "\(type(of: error)) is thrown")
        try checkShown("\(error)")
    }
    return nil
}

/// A refusal goes to terminals and logs: it is one line of moderate length, and steers neither.
private func checkShown(_ text: String) throws {
    try promise(text.utf8.count <= 8_000, "a refusal of \(text.utf8.count) bytes: \(text.prefix(200))")
    let steering = text.unicodeScalars.first { $0.properties.generalCategory == .control }
    try promise(steering == nil, "a refusal with control characters: \(text.debugDescription)")
}

/// `value`, after it has been JSON.
func throughJSON<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}

extension BidirectionalCollection where Element == Float {
    /// Equal also where a number is not one.
    func hasBits(of other: some BidirectionalCollection<Float>) -> Bool {
        elementsEqual(other) { $0.bitPattern == $1.bitPattern }
    }
}
