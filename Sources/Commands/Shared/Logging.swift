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

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

/// For people, or for programs.
enum LogFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

extension Logger {
    /// A logger to standard error with the time in front.
    static func cairn(_ label: String, level: Level, format: LogFormat = .text) -> Logger {
        var logger = Logger(label: label) { ErrorLogHandler(label: $0, format: format) }
        logger.logLevel = level
        return logger
    }
}

/// A line on standard error for each message.
private struct ErrorLogHandler: LogHandler {
    /// Libraries describe whole objects of theirs, which is no one's business.
    private static let known: Set = ["run", "stage", "round", "task", "worker"]

    let label: String
    let format: LogFormat
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        switch format {
        case .text: FileHandleOutput.standardError(text(event))
        case .json: if let line = json(event) { FileHandleOutput.standardError(line) }
        }
    }

    /// Time (UTC), level, text.
    private func text(_ event: LogEvent) -> String {
        let time = Date().formatted(.iso8601.time(includingFractionalSeconds: false))
        return "\(time) \(event.level.rawValue) \("\(event.message)".replacing("\n", with: " | "))\n"
    }

    /// An object: `time` (RFC 3339, UTC), `level`, `label`, `message`, and beside them what it is about.
    private func json(_ event: LogEvent) -> String? {
        let about = metadata.merging(event.metadata ?? [:]) { _, new in new }
        var line = about.filter { Self.known.contains($0.key) }.mapValues(JSONValue.init)
        line["time"] = .text(Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        line["level"] = .text(event.level.rawValue)
        line["label"] = .text(label)
        line["message"] = .text("\(event.message)")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self).printableJSON + "\n" }
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
