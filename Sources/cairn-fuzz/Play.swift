#if !CAIRN_FUZZING
    import ArgumentParser
    import FoundationEssentials
    import Fuzzing
    import Glibc

    /// Plays files and mutants of them: the same each time, without libFuzzer.
    @main struct Play: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cairn-fuzz",
            abstract:
                "Read files, and bytes made from them by chance, with the code that reads what comes from outside.")

        @Argument(help: "What the files are: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")).")
        var target: FuzzTarget
        @Argument(help: "Files, and folders of files.") var paths: [String]
        @Option(help: "How many mutants of the files.") var mutants = 0
        @Option(help: "What the mutants are drawn by.") var seed: UInt64 = 0
        @Flag(help: "Short texts, too, repeated up to a megabyte.") var repetitions = false
        @Option(help: "Where the bytes at hand are kept, so that they are there after a crash.") var keep: String?

        func validate() throws { guard mutants >= 0 else { throw ValidationError("--mutants goes from 0.") } }

        func run() throws {
            let start = ContinuousClock.now
            let files = try paths.flatMap(Self.files).map { ($0, [UInt8](try Data(contentsOf: URL(filePath: $0)))) }
            for (path, bytes) in files { try play(bytes, as: path) }
            if repetitions {
                for (place, bytes) in Mutator.repetitions(size: 1 << 20).enumerated() {
                    try play(bytes, as: "repetition \(place)")
                }
            }
            guard !files.isEmpty else { throw ValidationError("There is no file at \(paths.joined(separator: ", ")).") }
            var mutator = Mutator(corpus: files.map(\.1), seed: seed)
            for number in 0..<mutants { try play(mutator.next(), as: "mutant \(number) of seed \(seed)") }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print("\(files.count) files and \(mutants) mutants in \(seconds) s, \(Self.peakMegabytes) MiB at most")
        }

        private func play(_ bytes: [UInt8], as name: String) throws {
            if let keep { try write(bytes, to: keep) }
            let start = ContinuousClock.now
            do {
                try bytes.withUnsafeBytes(target.parse)
            } catch {
                print("\(name): \(error)")
                throw ExitCode.failure
            }
            guard ContinuousClock.now - start < .seconds(10) else {
                print("\(name): it took \(ContinuousClock.now - start)")
                throw ExitCode.failure
            }
        }

        /// Writes over a file that stays where it is: it takes part of the time that reading does.
        private func write(_ bytes: [UInt8], to path: String) throws {
            let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
            defer { close(descriptor) }
            guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count, ftruncate(descriptor, bytes.count) == 0
            else { throw ValidationError("\(path) cannot be written.") }
        }

        private static func files(_ path: String) throws -> [String] {
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else { return [path] }
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { "\(path)/\($0)" }
        }

        private static var peakMegabytes: Int {
            var usage = rusage()
            getrusage(.init(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss / 1024
        }
    }

    extension FuzzTarget: ExpressibleByArgument {}
#endif
