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
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "cairn",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "cairn", targets: ["cairn"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: C libraries: a module map and a shim header, nothing else
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),

        // MARK: The words that all parts share
        // Counter-based random numbers (Philox): the same key and counter give the same number everywhere.
        layer("RandomNumbers"),
        // Plan, network, task, update, wire messages, digests, limits. No I/O.
        layer("RunProtocol", [crypto, "RandomNumbers"]),
        // A plan as YAML: read, checked as a whole, explained with line numbers.
        layer("PlanFile", ["RunProtocol", yams]),

        // MARK: Data and numbers: they know nothing of clusters
        // IDX, NPY, CSV and image folders in; safetensors both ways; PNG out.
        layer("DataFormats", ["CZlib", "CPNG", "CJPEG"]),
        // Element-wise kernels, each beside its slow reference.
        .target(
            name: "CElementwise",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno"])]),
        // Buffers, shapes, matrix products on oneDNN. The only unsafe numeric code.
        layer("TensorCore", ["COneDNN", "CElementwise", "RandomNumbers"]),
        // Layers, autoencoders, losses, optimizers, and the pure function task -> update.
        layer("Training", ["TensorCore", "CElementwise", "RunProtocol", "RandomNumbers"]),

        // MARK: The coordinator
        // Exact fixed-point sums of updates; the outer optimizers.
        layer("Averaging", ["RunProtocol"]),
        // Every decision: (event, now) -> actions with reasons. No clock, no I/O, no floats.
        layer("Coordination", ["RunProtocol", "RandomNumbers"]),
        // SQLite and the folder of blobs.
        layer("RunStore", ["RunProtocol", "Coordination", grdb, crypto]),
        // Performs the actions: cuts data into shards, averages, exports.
        layer(
            "CoordinatorRuntime",
            [
                "Coordination", "RunStore", "Averaging", "RunProtocol", "PlanFile", "DataFormats", "RandomNumbers",
                logging,
            ]),
        // The same over HTTP.
        layer("CoordinatorServer", ["RunProtocol", hummingbird, httpTypes, nioCore, logging, lifecycle]),

        // MARK: The worker
        // A typed HTTP client on libcurl.
        layer("CoordinatorClient", ["RunProtocol", "CCurl"]),
        // Lease, fetch, train, send; slots; caches.
        layer("WorkerRuntime", ["Training", "RunProtocol", "DataFormats", "CoordinatorClient", logging]),

        // MARK: The program
        // Seeded clock, network and workers around Coordination; faults; checkers.
        layer("Simulation", ["Coordination", "RunProtocol", "RandomNumbers"]),
        // One file a subcommand: the only place where the parts are wired together.
        layer(
            "Commands",
            [
                "Averaging", "Coordination", "CoordinatorClient", "CoordinatorRuntime", "CoordinatorServer",
                "DataFormats", "PlanFile", "RunProtocol", "RunStore", "TensorCore", "Training", "WorkerRuntime",
                argumentParser, lifecycle, logging,
            ]),
        .executableTarget(name: "cairn", dependencies: ["Commands", argumentParser], swiftSettings: swiftSettings),

        // MARK: Tests
        tests("RunProtocolTests", ["RunProtocol", "RandomNumbers"]),
        tests("PlanFileTests", ["PlanFile", "RunProtocol"]),
        tests("DataFormatsTests", ["DataFormats", "RandomNumbers"]),
        tests("TensorCoreTests", ["TensorCore", "CElementwise", "RandomNumbers"]),
        tests(
            "TrainingTests", ["Training", "TensorCore", "RunProtocol", "RandomNumbers"], resources: [.copy("Golden")]),
        tests("AveragingTests", ["Averaging", "RunProtocol", "RandomNumbers"]),
        tests("CoordinationTests", ["Coordination", "Simulation", "RunProtocol", "RandomNumbers"]),
        tests("RunStoreTests", ["RunStore", "Coordination", "RunProtocol"]),
        tests(
            "CoordinatorRuntimeTests",
            ["CoordinatorRuntime", "Coordination", "RunStore", "RunProtocol", "PlanFile", "DataFormats"]),
        tests(
            "CoordinatorServerTests",
            ["CoordinatorServer", "CoordinatorClient", "RunProtocol", yams, logging, lifecycle]),
        tests("CoordinatorClientTests", ["CoordinatorClient", "RunProtocol"]),
        tests("WorkerRuntimeTests", ["WorkerRuntime", "Training", "RunProtocol", "DataFormats"]),
        // Real processes, real HTTP, real files.
        tests("ProcessTests", ["RunProtocol", "DataFormats"]),
        // House rules: lengths, words, formatting.
        tests("HouseTests", []),
    ]
)
