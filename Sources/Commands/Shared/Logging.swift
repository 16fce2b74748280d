import ArgumentParser
import FoundationEssentials
import Logging

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

extension Logger {
    /// A logger to standard error with the time in front.
    static func cairn(_ label: String, level: Level) -> Logger {
        var logger = Logger(label: label) { _ in LineLogHandler() }
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
