import ArgumentParser
import CoordinatorClient
import RunProtocol

struct GarbageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Show, or delete, what lies on the coordinator's disk and no run needs.",
        discussion: """
            A coordinator deletes a blob as soon as no run needs it, and once an hour what was left behind all the same \
            and is older than an hour. This shows what that would be, and deletes it with --delete.
            """)

    @OptionGroup var connection: ConnectionOptions
    @Option(help: "Only what was written so many hours ago, or more.") var olderThan = 1.0
    @Flag(help: "Delete it.") var delete = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (0...1_000_000).contains(olderThan) else { throw ValidationError("--older-than is in hours, from 0.") }
    }

    func run() throws {
        let garbage = try connection.connect().garbage(olderThan: olderThan * 3_600, delete: delete)
        guard !json else { return try JSONOutput.print(garbage) }
        for blob in garbage.blobs {
            say(
                "\(blob.digest)  \(blob.bytes.asMebibytes), \((max(0, blob.secondsOld) / 3_600).formatted(decimals: 1)) h old"
            )
        }
        let verb = delete ? "were deleted" : "can be deleted"
        say(
            "\(garbage.count) blobs with \(garbage.bytes.asMebibytes) \(verb); runs need \(garbage.neededBytes.asMebibytes)"
        )
    }
}

extension Int {
    /// A number of bytes, for people.
    var asMebibytes: String { (Double(self) / 0x1p20).formatted(decimals: 1) + " MiB" }
}
