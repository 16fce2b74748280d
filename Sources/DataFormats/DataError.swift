import Glibc
import PrintableText

/// Why a file's data cannot be read or written: one line that says where, what is wrong and what to do.
package struct DataError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For programs and tests; more may be added.
    package enum Code: String, Sendable {
        case notFound, unreadable, unwritable, storageFull
        /// The host has no descriptor or memory left: nothing is wrong with the file.
        case hostShortage
        case unknownFormat, malformedHeader, unsupportedType, wrongShape, tooLarge, truncated, trailingBytes
        case notFinite, outOfRange, malformedRow, noSuchColumn, malformedImage
        case duplicateName, overlappingTensors, gapBetweenTensors, offsetOutOfRange
    }

    package let code: Code
    /// The file, or what the bytes are of.
    package let path: String
    package let message: String
    package let hint: String?

    package init(_ code: Code, at path: String, _ message: String, hint: String? = nil) {
        (self.code, self.path, self.message, self.hint) = (code, path, message, hint)
    }

    package var description: String {
        "\(path.printable(atMost: 1_000)): \(message)" + (hint.map { "; \($0)" } ?? "")
    }
}

extension DataError {
    /// A file that could not be opened for want of descriptors or memory: later it may be.
    /// - Returns: nil where `problem`, an `errno`, says something else.
    package init?(shortage problem: Int32, at path: String) {
        switch problem {
        case EMFILE, ENFILE:
            self.init(.hostShortage, at: path, "too many files are open", hint: "raise LimitNOFILE or ulimit -n")
        case ENOMEM: self.init(.hostShortage, at: path, "the host has no memory left to open it")
        default: return nil
        }
    }
}
