import ArgumentParser
import FoundationEssentials
import Logging
import PrintableText

/// How much is logged, and how.
struct LogOptions: ParsableArguments {
    @Option(help: "What to log.") var logLevel = LogLevel.info
    @Option(help: "A line of text for each message, or an object of JSON with the ids that it is about.")
    var logFormat = LogFormat.text

    /// - Parameter label: which part of the cluster this is.
    func logger(_ label: String) -> Logger { .cairn(label, level: logLevel.level, format: logFormat) }
}

/// How much is logged.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case debug, info, warning, error

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

/// For people, or for programs.
enum LogFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

extension Logger {
    /// A logger to standard error with the time in front.
    static func cairn(_ label: String, level: Level, format: LogFormat = .text) -> Logger {
        var logger = Logger(label: label) { label in
            switch format {
            case .text: LineLogHandler()
            case .json: JSONLogHandler(label: label)
            }
        }
        logger.logLevel = level
        return logger
    }
}

/// One line for each message: time (UTC), level, text.
private struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = Date().formatted(.iso8601.time(includingFractionalSeconds: false))
        let text = "\(event.message)".replacing("\n", with: " | ")
        FileHandleOutput.standardError("\(time) \(event.level.rawValue) \(text)\n")
    }
}

/// One JSON object a line for each message: `time` (RFC 3339, UTC), `level`, `label`, `message`, and beside them what it is
/// about.
private struct JSONLogHandler: LogHandler {
    /// Libraries describe whole objects of theirs, which is no one's business.
    private static let known: Set = ["run", "stage", "round", "task", "worker"]

    let label: String
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let about = metadata.merging(event.metadata ?? [:]) { _, new in new }
        var line = about.filter { Self.known.contains($0.key) }.mapValues(JSONValue.init)
        line["time"] = .text(Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        line["level"] = .text(event.level.rawValue)
        line["label"] = .text(label)
        line["message"] = .text("\(event.message)")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(line) else { return }
        FileHandleOutput.standardError(String(decoding: data, as: UTF8.self).printableJSON + "\n")
    }
}

/// What a log's metadata are in JSON.
private enum JSONValue: Encodable {
    case text(String)
    case number(Int)

    init(_ value: Logger.MetadataValue) {
        if case .stringConvertible(let number as Int) = value {
            self = .number(number)
        } else {
            self = .text("\(value)")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        }
    }
}
