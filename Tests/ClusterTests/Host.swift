import Foundation
import Glibc
import Testing

/// A host on this machine: an OpenSSH server on a loopback port, with a name, keys and, where none is shared, a home folder
/// of its own.
final class Host: Sendable {
    /// Where the server is; a server that is no root's also needs /run/sshd to be there.
    static let server = "/usr/sbin/sshd"
    static var hasIPv6: Bool {
        (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8))?.contains(" lo") == true
    }
    static var canRun: Bool { Command.isThere(server) && getuid() == 0 }

    let folder: TemporaryFolder
    /// Whose folder `home` it has.
    private let homeOwner: TemporaryFolder
    private let address: String
    let port: Int
    private let process: pid_t

    /// - Parameters:
    ///   - nodeName: what `uname -n` says there.
    ///   - neighbour: the host whose home folder it shares.
    init(_ nodeName: String = "node-1", sharingHomeOf neighbour: Host? = nil, address: String = "127.0.0.1") throws {
        let folder = try TemporaryFolder()
        let homeOwner = neighbour?.homeOwner ?? folder
        let port = try Self.freePort()
        try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: homeOwner.path("home"), withIntermediateDirectories: true)
        for key in ["host-key", "login-key"] {
            _ = try Command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.path(key)])
        }
        try folder.write(
            "sshd_config",
            """
            ListenAddress \(address)
            Port \(port)
            HostKey \(folder.path("host-key"))
            AuthorizedKeysFile \(folder.path("login-key.pub"))
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            StrictModes no
            UsePAM no
            PidFile \(folder.path("sshd.pid"))
            SetEnv HOME=\(homeOwner.path("home"))

            """)
        // It goes into the background by itself. Foundation's Process would wait for it: it takes a child that closes
        // the descriptors which it inherited, as this one does, for one that has ended.
        let server = [Self.server, "-f", folder.path("sshd_config"), "-E", folder.path("sshd.log")]
        _ = try Command(
            "unshare", ["--uts", "sh", "-c", "hostname \"$0\" && exec \"$@\"", nodeName] + server)
        // The file is there before the number is in it.
        var number: pid_t?
        for _ in 0..<100 where number == nil {
            number = pid_t((try? folder.read("sshd.pid"))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "")
            if number == nil { usleep(50_000) }
        }
        (self.folder, self.homeOwner, self.address, self.port) = (folder, homeOwner, address, port)
        process = try #require(number)
    }

    deinit { kill(process, SIGTERM) }

    /// As a line of a hosts file names it.
    var name: String { "\(NSUserName())@\(address.contains(":") ? "[\(address)]" : address):\(port)" }

    /// A file below the home folder.
    func read(_ name: String) throws -> String { try homeOwner.read("home/" + name) }

    /// Runs `launch-workers` on the hosts of `lines`, with this host's key.
    func launchWorkers(_ lines: [String], _ arguments: [String]) throws -> Command {
        try folder.write("hosts", lines.joined(separator: "\n"))
        let options = [
            "IdentityFile=\(folder.path("login-key"))", "IdentitiesOnly=yes", "StrictHostKeyChecking=accept-new",
            "UserKnownHostsFile=\(folder.path("known-hosts"))",
        ]
        return try Command(
            packageFolder.appending(path: "scripts/launch-workers").path,
            [folder.path("hosts")] + arguments + options.flatMap { ["--ssh-option", $0] })
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(POSIXError.Code(rawValue: errno) ?? .EADDRINUSE) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
