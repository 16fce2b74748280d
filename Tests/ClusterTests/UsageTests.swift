import Foundation
import Testing

/// What `scripts/launch-workers` refuses before it asks any host.
@Suite struct UsageTests {
    private func launchWorkers(
        _ hosts: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Command {
        let folder = try TemporaryFolder()
        let file = try folder.write("hosts", hosts).path
        return try Command(
            packageFolder.appending(path: "scripts/launch-workers").path, [file] + arguments, environment: environment)
    }

    @Test(arguments: [
        "host;id", "-oProxyCommand=id", "$(id)", "a`id`", "host:0", "host:65536", "host:x", "user name@", "@host",
        "a/b",
        "2001:db8::1", "me@::1", "fe80::1%eth0", "[::1", "[1]", "[::1]x", "[::1]:0", "[::g]", "[fe80::1%]",
        "[fe80::1%$(id)]",
        "host slots=0", "host slots=1025", "host slots=-1", "host slots=1;id", "host cache=there", "host cache=/a$b",
        "host cache=/a'b", "host binary=~other/x", "host size=3", "a\nb\na", "", "# nothing\n",
    ])
    func hostsAreChecked(hosts: String) throws {
        let ended = try launchWorkers(hosts, ["status"])
        #expect(ended.status == 64)
        #expect(ended.output == "")
        #expect(ended.errors.contains("hosts:"))
    }

    @Test(arguments: ["my_host", "_h", "[2001:db8::1]", "[::1]:2222", "me@[fe80::1%eth0]:22", "me@host_1.example:22"])
    func namesAndAddressesAreTaken(host: String) throws {
        let ended = try launchWorkers(host, ["status", "--json", "--ssh-option", "ProxyCommand=false"])
        #expect(ended.status == 1)
        #expect(ended.output.contains("{\"host\": \"\(host)\", \"state\": \"unreachable\""), "\(ended)")
    }

    @Test func anAddressWithoutBracketsIsToldHowToBeWritten() throws {
        let ended = try launchWorkers("me@2001:db8::1", ["status"])
        #expect(ended.errors.contains("hosts:1: 'me@2001:db8::1' has no brackets: write me@[2001:db8::1]"), "\(ended)")
    }

    @Test(arguments: ["http://my_host:8420", "http://[fe80::1%eth0]:8420", "https://[fe80::1%25eth0]/cairn"])
    func theCoordinatorMayHaveAnyAddress(url: String) throws {
        let ended = try launchWorkers("h", ["start", "--coordinator", url, "--ssh-option", "ProxyCommand=false"])
        #expect(ended.output.contains("unreachable"), "\(ended)")
    }

    @Test func everyMistakeIsSaidAtOnceWithItsLine() throws {
        let ended = try launchWorkers("good\nbad;\ngood slots=x y=1\n", ["start", "--coordinator", "ftp://x"])
        #expect(ended.status == 64)
        for part in ["hosts:2: 'bad;'", "hosts:3: 'good' is there twice", "hosts:3: 'slots=x'", "'y=1'", "'ftp://x'"] {
            #expect(ended.errors.contains(part), "\(ended.errors)")
        }
    }

    @Test(arguments: [
        [], ["go"], ["start"], ["status", "more"], ["status", "--loud"], ["start", "--coordinator"],
        ["start", "--coordinator", "http://a b"], ["start", "--coordinator", "http://a'b"],
        ["start", "--coordinator", "http://a", "--token-file", "/nowhere/token"],
        ["start", "--coordinator", "http://a", "--copy", "/nowhere/cairn"], ["status", "--parallel", "0"],
        ["status", "--parallel", "x"],
    ])
    func argumentsAreChecked(arguments: [String]) throws {
        let ended = try launchWorkers("host", arguments)
        #expect(ended.status == 64)
        #expect(ended.errors.contains("--help"))
    }

    @Test func theCoordinatorMayComeFromTheEnvironment() throws {
        let ended = try launchWorkers(
            "host", ["start", "--ssh-option", "ProxyCommand=false"],
            environment: ["CAIRN_COORDINATOR": "https://[::1]:8420/path"])
        #expect(ended.status == 1)
        #expect(ended.output.contains("unreachable"))
    }

    @Test func theExampleIsRight() throws {
        let example = try String(contentsOf: packageFolder.appending(path: "cluster/hosts.example"), encoding: .utf8)
        let ended = try launchWorkers(example, ["status", "--ssh-option", "ProxyCommand=false"])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("4 of 4 hosts"))
    }

    @Test func helpIsGiven() throws {
        let help = try Command(packageFolder.appending(path: "scripts/launch-workers").path, ["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("--token-file"))
    }

    @Test(.enabled(if: Command.isThere("/usr/bin/shellcheck")))
    func shellcheckIsContent() throws {
        let paths =
            [
                "averaging", "bench-page", "bench-peers", "build-release", "chaos", "demo", "fuzz", "install-packages",
                "launch-workers", "load", "local-cluster", "mnist", "reproduce", "simulate", "test",
                "with-progress",
            ].map { "scripts/\($0)" } + ["cluster/on-host"]
        let ended = try Command("shellcheck", paths.map { packageFolder.appending(path: $0).path })
        #expect(ended.status == 0, "\(ended.output)")
    }
}
