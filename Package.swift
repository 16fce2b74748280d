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
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // MARK: C libraries: a module map and a shim header, nothing else
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng16", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),

        // MARK: The words that all parts share
        // Counter-based random numbers (Philox): the same key and counter give the same number everywhere.
        layer("RandomNumbers"),
        // Plan, network, task, update, wire messages, digests, limits. No I/O.
        layer("RunProtocol", [crypto, "RandomNumbers"]),
        // A plan as YAML: read, checked as a whole, every mistake with its line.
        layer("PlanFile", ["RunProtocol", yams]),

        // MARK: Data and numbers: they know nothing of clusters
        // IDX, NPY, CSV and pictures in; safetensors both ways; files that are there whole or not at all.
        layer("DataFormats", ["CZlib", "CPNG", "CJPEG"]),
        // Element-wise kernels: the same bits on every instruction set.
        .target(
            name: "CElementwise",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno"])]),
        // Buffers, matrix products on oneDNN, facts about the machine.
        layer("TensorCore", ["COneDNN", "CElementwise"]),
        // Autoencoders, classifier, optimizers, and the pure functions task -> result.
        layer("Training", ["TensorCore", "CElementwise", "RunProtocol", "RandomNumbers"]),

        // MARK: The coordinator
        // Exact fixed-point sums of updates; the outer optimizers.
        layer("Averaging", ["RunProtocol"]),
        // Every decision: past-tense events in, actions with their reasons out. No clock, no I/O.
        layer("Coordination", ["RunProtocol", "RandomNumbers"]),

        // MARK: The program
        // One file a subcommand: the only place where the parts are wired together.
        layer("Commands", ["PlanFile", "RunProtocol", "DataFormats", "TensorCore", "Training", argumentParser]),
        .executableTarget(name: "cairn", dependencies: ["Commands", argumentParser], swiftSettings: swiftSettings),

        // MARK: Tests
        tests("RunProtocolTests", ["RunProtocol", "RandomNumbers"]),
        tests("PlanFileTests", ["PlanFile", "RunProtocol", "RandomNumbers"]),
        tests("DataFormatsTests", ["DataFormats", "CPNG", "CJPEG", "RandomNumbers"]),
        tests("TensorCoreTests", ["TensorCore", "CElementwise", "RandomNumbers"]),
        tests(
            "TrainingTests", ["Training", "TensorCore", "RunProtocol", "RandomNumbers"], resources: [.copy("Golden")]),
        tests("AveragingTests", ["Averaging", "RunProtocol", "RandomNumbers"]),
        tests("CoordinationTests", ["Coordination", "RunProtocol", "RandomNumbers"]),
        // The program as people start it.
        tests("ProcessTests", []),
        // House rules: lengths, words, formatting.
        tests("HouseTests", []),
    ]
)
