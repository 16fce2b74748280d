import CoordinatorClient
import Foundation
import RunProtocol
import Testing

/// openssl's test server with a certificate that it signed itself: it answers with a page of HTML.
private final class SelfSignedServer {
    static let isPossible = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    let certificate: String
    let port: Int
    private let process: Process

    init(in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        certificate = "\(folder)/certificate.pem"
        let key = "\(folder)/key.pem"
        let request = Self.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ])
        request.standardError = FileHandle.nullDevice
        try request.run()
        request.waitUntilExit()
        process = Self.openssl([
            "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www", "-naccept", "20",
        ])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // It says "ACCEPT 127.0.0.1:PORT" once it listens.
        var text = ""
        while !text.contains("ACCEPT") || text.last != "\n" {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += String(decoding: data, as: UTF8.self)
        }
        let address = text.split(whereSeparator: \.isWhitespace).last { $0.contains(":") }
        port = try #require(address.flatMap { Int($0.split(separator: ":").last ?? "") })
    }

    func stop() {
        // Not SIGTERM, which a process that was started on the tests' threads may inherit as blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private static func openssl(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        return process
    }
}

@Suite struct TLSTests {
    @Test(.enabled(if: SelfSignedServer.isPossible, "openssl is not there"), .timeLimit(.minutes(1)))
    func onlyTrustedCertificatesAreTrusted() throws {
        try Example.withFolder { folder in
            let server = try SelfSignedServer(in: folder)
            defer { server.stop() }
            let url = "https://127.0.0.1:\(server.port)"
            var configuration = try ClientConfiguration(url: url)
            configuration.retries = RetryPolicy(totalSeconds: 60)
            // Not tried again: a certificate does not become trusted by waiting.
            let refused = try Example.connectionError { try HTTPConnection(configuration).information() }
            #expect(refused.reason == .tls)
            #expect(refused.message.contains("is not trusted"), "\(refused.message)")

            configuration = try ClientConfiguration(url: url, caFile: server.certificate)
            let page = try Example.connectionError { try HTTPConnection(configuration).information() }
            #expect(page.reason == .malformedAnswer, "\(page.message)")
        }
    }

    @Test func httpsIsNotSpokenEverywhere() throws {
        let server = try ScriptedServer { _ in [.close] }
        defer { server.stop() }
        let connection = try Example.connection(to: "https://127.0.0.1:\(server.port)") { $0.connectSeconds = 0.5 }
        let error = try Example.connectionError { try connection.information() }
        #expect([.tls, .timedOut].contains(error.reason))
    }
}
