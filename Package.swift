// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
]
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

// Told by scripts/build-release. SwiftPM knows the commit too (`Context.gitInformation`), but it keeps what a manifest
// said until the manifest or the environment changes, so a build would name the commit of an earlier one.
let commit = Context.environment["CAIRN_COMMIT"] ?? "unknown commit"

let package = Package(
    name: "cairn",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "cairn", targets: ["cairn"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: C libraries: a module map and a shim header, nothing else
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CFileSystem"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng16", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),

        // MARK: The words that all parts share
        // Counter-based random numbers (Philox): the same key and counter give the same number everywhere.
        layer("RandomNumbers"),
        // What others wrote, for terminals and logs.
        layer("PrintableText"),
        // Plan, network, task, update, wire messages, digests, limits. No I/O.
        layer("RunProtocol", ["PrintableText", "RandomNumbers", crypto]),
        // A plan as YAML: read, checked as a whole, every mistake with its line; and what a kind of model must say.
        layer("PlanFile", ["DataFormats", "ModelFormat", "PrintableText", "RunProtocol", yams]),

        // MARK: Data and numbers: they know nothing of clusters
        // IDX, NPY, CSV and pictures in; safetensors both ways; files that are there whole or not at all.
        layer("DataFormats", ["CZlib", "CPNG", "CJPEG", "PrintableText"]),
        // Element-wise kernels: the same bits on every instruction set.
        .target(
            name: "CElementwise",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno"])]),
        // Buffers, matrix products on oneDNN, facts about the machine.
        layer("TensorCore", ["COneDNN", "CElementwise"]),
        // Autoencoders, classifier, optimizers, and the pure functions task -> result.
        layer("Training", ["TensorCore", "CElementwise", "RunProtocol", "RandomNumbers"]),
        // Weights as safetensors, and exported networks with their description.
        layer("ModelFormat", ["RunProtocol", "DataFormats", "PrintableText"]),

        // Sheets of pictures and maps, as PNG.
        layer("Pictures", ["DataFormats", "RunProtocol", "TensorCore", "Training"]),
        // A run's figures for other programs: CSV, TensorBoard's event files.
        layer("EventFiles", ["DataFormats", "RunProtocol"]),
        // A factory of swift-metrics that Prometheus can read.
        layer("PrometheusMetrics", [coreMetrics]),
        // Progress, curves and tables as text of a given size: pure functions of what is shown.
        layer("TerminalViews", ["PrintableText", "RunProtocol"]),

        // MARK: The kinds of model
        // Each is a folder: how its plans are read, what its data come to, what its stages are, what is drawn and said of
        // them. Nothing else knows a kind of model.
        layer(
            "Kinds",
            [
                "Averaging", "DataFormats", "ModelFormat", "Pictures", "PlanFile", "PrintableText", "RandomNumbers",
                "RunProtocol", "TensorCore", "Training",
            ]),

        // MARK: The coordinator
        // Exact fixed-point sums of updates; the outer optimizers.
        layer("Averaging", ["RunProtocol"]),
        // Every decision: past-tense events in, actions with their reasons out. No clock, no I/O.
        layer("Coordination", ["RunProtocol", "RandomNumbers"]),
        // Updates as they come in, part by part, looked at before they count.
        layer("UpdateFiles", ["Coordination", "DataFormats", "RunProtocol"]),
        // What is durable: facts in SQLite, blobs in a folder.
        layer("RunStore", ["CFileSystem", "Coordination", "RunProtocol", "DataFormats", grdb]),
        // Performs the decisions: cuts data into shards, averages, exports.
        layer(
            "CoordinatorRuntime",
            [
                "Coordination", "RunStore", "Averaging", "RunProtocol", "PlanFile", "DataFormats", "ModelFormat",
                "PrintableText", "PrometheusMetrics", "RandomNumbers", "Training", "UpdateFiles", coreMetrics, logging,
            ]),

        // MARK: Workers and commands
        // The coordinator over HTTP: blocking calls that are tried again, blobs by their digest.
        layer("CoordinatorClient", ["RunProtocol", "CCurl"]),
        // Lease, fetch, train, send; slots and caches.
        layer("WorkerRuntime", ["Training", "TensorCore", "RunProtocol", "DataFormats", "ModelFormat", logging]),
        // The dashboard's files, inside the program.
        .target(name: "CDashboard", cSettings: [.unsafeFlags(["-std=c23"])]),
        // What a coordinator can be asked, over HTTP: a translation without decisions.
        layer(
            "CoordinatorServer",
            ["CDashboard", "DataFormats", "EventFiles", "PrintableText", "PrometheusMetrics", "RunProtocol"]
                + hummingbird),

        // MARK: The program
        // The commit it was built from, in a target of its own, so that a new commit compiles one line of C again.
        .target(name: "CBuildInformation", cSettings: [.define("CAIRN_COMMIT", to: "\"\(commit)\"")]),
        // One file a subcommand: the only place where the parts are wired together.
        layer(
            "Commands",
            [
                "CBuildInformation", "Coordination", "CoordinatorClient", "CoordinatorRuntime", "CoordinatorServer",
                "DataFormats", "EventFiles", "ModelFormat", "Pictures", "PlanFile", "PrintableText",
                "PrometheusMetrics",
                "RunProtocol", "RunStore", "TensorCore", "TerminalViews", "Training", "WorkerRuntime",
                argumentParser, lifecycle, logging, unixSignals,
            ]),
        .executableTarget(name: "cairn", dependencies: ["Commands", "Kinds"], swiftSettings: swiftSettings),

        // MARK: For developers
        // A whole cluster without clock, network, disk or training: every fault from a seed, promises checked after each event.
        layer("Simulation", ["Coordination", "RunProtocol", "RandomNumbers", heap]),
        .executableTarget(
            name: "cairn-simulate", dependencies: ["Kinds", "RunProtocol", "Simulation", argumentParser],
            swiftSettings: swiftSettings),
        // Real processes on loopback: a schedule of faults from a seed, a proxy that fails, what came of it.
        layer("Chaos", ["CoordinatorClient", "RunProtocol", "RandomNumbers"]),
        .executableTarget(name: "cairn-chaos", dependencies: ["Chaos", argumentParser], swiftSettings: swiftSettings),

        // The dashboard with a made-up cluster of any size behind it, which never rests.
        .executableTarget(
            name: "cairn-parade",
            dependencies: [
                "CoordinatorServer", "Kinds", "RunProtocol", argumentParser, lifecycle, logging, unixSignals,
            ],
            swiftSettings: swiftSettings),

        // The program, killed right before or after the writes that a file names.
        .executableTarget(
            name: "cairn-interrupted", dependencies: ["Commands", "DataFormats", "Kinds"], swiftSettings: swiftSettings),

        // Everything that reads bytes from outside, with what must hold of any bytes at all.
        layer(
            "Fuzzing",
            [
                "Averaging", "Coordination", "DataFormats", "Kinds", "ModelFormat", "PlanFile", "RandomNumbers",
                "RunProtocol", "Simulation", "UpdateFiles",
            ]),
        // With libFuzzer where scripts/fuzz builds it, which looks for new bytes; else it plays files.
        .executableTarget(name: "cairn-fuzz", dependencies: ["Fuzzing", argumentParser], swiftSettings: swiftSettings),

        // A kind of model that only tests know, and the program with it alone.
        .target(
            name: "PairClassifier",
            dependencies: ["DataFormats", "ModelFormat", "PlanFile", "RandomNumbers", "RunProtocol"],
            path: "Tests/PairClassifier", swiftSettings: swiftSettings),
        .executableTarget(
            name: "cairn-fixture", dependencies: ["Commands", "PairClassifier", "PlanFile"],
            path: "Tests/FixtureProgram", swiftSettings: swiftSettings),

        // Data, a plan and a coordinator in a folder, for tests of what coordinators and workers do.
        .target(
            name: "TestSite",
            dependencies: [
                "Coordination", "CoordinatorRuntime", "PairClassifier", "PlanFile", "RandomNumbers", "RunProtocol",
                "RunStore", "WorkerRuntime", logging,
            ],
            path: "Tests/TestSite", swiftSettings: swiftSettings),

        // MARK: Tests
        tests("RunProtocolTests", ["RunProtocol", "RandomNumbers"]),
        tests("PlanFileTests", ["Kinds", "PlanFile", "RunProtocol", "RandomNumbers"]),
        tests("DataFormatsTests", ["DataFormats", "CPNG", "CJPEG", "RandomNumbers"]),
        tests("TensorCoreTests", ["TensorCore", "CElementwise", "RandomNumbers"]),
        tests(
            "TrainingTests",
            ["Kinds", "Training", "Averaging", "TensorCore", "COneDNN", "RunProtocol", "RandomNumbers"],
            resources: [.copy("Golden")]),
        tests("AveragingTests", ["Averaging", "RunProtocol", "RandomNumbers"]),
        tests("CoordinationTests", ["Coordination", "PairClassifier", "Simulation", "RunProtocol", "RandomNumbers"]),
        tests("ChaosTests", ["Chaos", "RunProtocol"]),
        tests("SimulationTests", ["PairClassifier", "Simulation", "Coordination", "RunProtocol"]),
        tests("RunStoreTests", ["RunStore", "Coordination", "RunProtocol", grdb]),
        // What comes from outside, read by a program of its own, so that its memory can be bounded.
        tests("FuzzingTests", ["Fuzzing"]),
        tests("PicturesTests", ["Kinds", "Pictures", "DataFormats", "RunProtocol", "RandomNumbers", "Training"]),
        tests(
            "KindsTests",
            [
                "Coordination", "CoordinatorRuntime", "CoordinatorServer", "DataFormats", "EventFiles", "Kinds",
                "ModelFormat", "PlanFile", "PrometheusMetrics", "RandomNumbers", "RunProtocol", "RunStore",
                "Simulation",
                "TestSite", "WorkerRuntime",
            ]),
        tests("EventFilesTests", ["EventFiles", "RunProtocol"]),
        tests("PrometheusMetricsTests", ["PrometheusMetrics", coreMetrics]),
        tests("TerminalViewsTests", ["TerminalViews", "RunProtocol"]),
        tests("ModelFormatTests", ["Kinds", "ModelFormat", "DataFormats", "PlanFile", "RunProtocol", "RandomNumbers"]),
        tests(
            "CoordinatorRuntimeTests",
            [
                "CoordinatorRuntime", "CoordinatorServer", "Coordination", "EventFiles", "PairClassifier", "RunStore",
                "RunProtocol", "DataFormats", "PlanFile", "PrometheusMetrics", "Simulation", "TerminalViews",
                "TestSite", logging, grdb,
            ]),
        tests(
            "WorkerRuntimeTests",
            [
                "WorkerRuntime", "CoordinatorRuntime", "Coordination", "RunProtocol", "Training", "RandomNumbers",
                "TestSite",
            ]),
        tests("CoordinatorClientTests", ["CoordinatorClient", "RunProtocol"]),
        tests(
            "CoordinatorServerTests",
            [
                "CDashboard", "CoordinatorServer", "DataFormats", "EventFiles", "RunProtocol",
                hummingbirdTesting, yams,
            ]
                + hummingbird),
        // The program as people start it.
        tests("ProcessTests", ["Coordination", "DataFormats", "RunProtocol"]),
        // What starts it on other machines: scripts over a real ssh, systemd units.
        tests("ClusterTests", []),
        // House rules: lengths, words, formatting.
        tests("HouseTests", []),
    ]
)
