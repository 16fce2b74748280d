import DataFormats
import FoundationEssentials
import Glibc
import PrintableText
package import RunProtocol

/// The folders from which the coordinator reads data for plans. A path is resolved, links and all, before it is compared.
package struct DataFolders: Sendable, CustomStringConvertible {
    private let folders: [String]
    /// What people may expect among them and is not, where there is something.
    private let remark: String?

    /// - Parameters:
    ///   - folders: each must be there.
    ///   - remark: what people may expect among them and is not.
    /// - Throws: `.badRequest` whenever a folder is not there.
    package init(_ folders: [String], remark: String? = nil) throws(APIError) {
        self.remark = remark
        var resolved: [String] = []
        for folder in folders {
            guard let path = Self.resolve(folder) else {
                throw APIError(
                    .badRequest, "\(folder): there is no such folder", hint: "give --data an existing folder")
            }
            resolved.append(path)
        }
        self.folders = resolved
    }

    /// What may be read, in words.
    package var description: String {
        "\(folders.isEmpty ? "no folder" : folders.joined(separator: ", "))\(remark.map { "; \($0)" } ?? "")"
    }

    /// Where `path` of a plan really lies.
    /// - Parameter folder: what a relative path starts from.
    /// - Throws: `.invalidData` whenever nothing is there or it lies outside the folders: both in the same words, so that
    ///   nobody learns what else is on the host.
    package func locate(_ path: String, from folder: String) throws(APIError) -> String {
        let absolute = path.hasPrefix("/") ? path : folder + "/" + path
        guard !path.utf8.contains(0), let resolved = Self.resolve(absolute),
            folders.contains(where: { base in
                resolved == base || resolved.hasPrefix(base == "/" ? "/" : base + "/")
            })
        else {
            throw APIError(
                .invalidData,
                "\(path.printable(atMost: 1_000)): is not there, or not below a folder that this coordinator reads data from",
                hint: "it reads below \(description); start it with --data FOLDER for others")
        }
        return resolved
    }

    private static func resolve(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
