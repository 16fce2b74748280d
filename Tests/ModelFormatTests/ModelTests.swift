import DataFormats
import Foundation
import Kinds
import ModelFormat
import PlanFile
import RandomNumbers
import RunProtocol
import Testing

/// Exported networks: what is written is read, and nothing else is.
@Suite struct ModelTests {
    private static let network = NetworkSpec(
        inputSize: 4, layers: [LayerSpec(units: 3, activation: .relu), LayerSpec(units: 2, activation: .sigmoid)])

    private static func model(_ part: ExportDescription.Part = .pretrained, tied: Bool = false) -> Model {
        let decoder = DecoderSpec(constraint: tied ? .tied : .unitNorm, activation: .linear)
        let (input, hash) = (ModelDescription.Input(divisor: 255), Digest(of: [1, 2, 3]))
        let description =
            part == .pretrained
            ? ModelDescription(
                reconstructing: network, decoders: [decoder, decoder], sparsity: [.topK(count: 2), .none],
                input: input, planHash: hash)
            : ModelDescription(classifying: network, classes: 5, names: nil, input: input, planHash: hash)
        let weights = (0..<description.parameters.elementCount).map { Float($0) / 7 - 2 }
        return Model(description: description, weights: weights)
    }

    /// The same models' descriptions as the first format had them.
    private static func formatOne(_ part: ExportDescription.Part, tied: Bool) -> String {
        let layers = #"[{"activation":"relu","units":3},{"activation":"sigmoid","units":2}]"#
        let decoder = #"{"activation":"linear","constraint":"\#(tied ? "tied" : "unit_norm")"}"#
        let rest =
            part == .pretrained
            ? #""decoders":[\#(decoder),\#(decoder)],"sparsity":[{"topK":{"count":2}},{"none":{}}]"#
            : #""decoders":[],"classes":5"#
        return #"{"format":1,"part":"\#(part.rawValue)","network":{"inputSize":4,"layers":\#(layers)},"#
            + #""divisor":255,\#(rest),"planHash":"\#(Digest(of: [1, 2, 3]).hex)"}"#
    }

    private func read(_ bytes: some Sequence<UInt8>) throws -> Model {
        try ModelKinds.standard.model(decoding: Array(bytes), path: "file")
    }

    /// The file with another description.
    private func read(_ model: Model, description: String) throws -> Model {
        let file = WeightsBlob.file(
            model.weights, model.description.parameters, metadata: ["cairn": description]
        ).encoded()
        return try read(file)
    }

    private func text(_ model: Model) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(model.description), as: UTF8.self)
    }

    @Test(arguments: [model(), model(tied: true), model(.fineTuned)]) func whatIsWrittenIsRead(model: Model) throws {
        let data = try model.encoded()
        #expect(try read(data) == model)
        #expect(try model.encoded() == data)
    }

    /// Names, shapes and order as docs/exports.md tells them.
    @Test(arguments: [DecoderConstraint.free, .unitNorm, .tied]) func tensorsAreAsDocumented(
        decoder: DecoderConstraint
    ) throws {
        let window = ConvolutionWindow(kernel: 3, stride: 2, pooling: 2)
        let network = NetworkSpec(
            inputSize: 11 * 13 * 3, image: ImageShape(height: 11, width: 13, channels: 3),
            layers: [
                LayerSpec(units: 8, activation: .relu, window: window), LayerSpec(units: 5, activation: .sigmoid),
            ])
        // 11 x 13 places become 6 x 7, and 3 x 4 of them pooled.
        let encoders = [
            ["encoder.0.weight [8, 3, 3, 3]", "encoder.0.bias [8]"],
            ["encoder.1.weight [96, 5]", "encoder.1.bias [5]"],
        ]
        let decoders = [
            ["decoder.0.weight [8, 3, 3, 3]", "decoder.0.bias [3]"],
            ["decoder.1.weight [5, 96]", "decoder.1.bias [96]"],
        ].map { decoder == .tied ? Array($0.dropFirst()) : $0 }
        let (input, hash) = (ModelDescription.Input(divisor: 255), Digest(of: [1, 2, 3]))
        let specs = [Activation.linear, .relu].map { DecoderSpec(constraint: decoder, activation: $0) }
        let pretrained = ModelDescription(
            reconstructing: network, decoders: specs, sparsity: nil, input: input, planHash: hash)
        #expect(try tensors(pretrained) == encoders[0] + decoders[0] + encoders[1] + decoders[1])
        let classifier = ModelDescription(classifying: network, classes: 4, names: nil, input: input, planHash: hash)
        #expect(
            try tensors(classifier) == encoders[0] + encoders[1] + ["classifier.weight [5, 4]", "classifier.bias [4]"])
    }

    @Test(arguments: [ExportDescription.Part.pretrained, .fineTuned], [false, true])
    func theFirstFormatIsRead(part: ExportDescription.Part, tied: Bool) throws {
        let model = Self.model(part, tied: tied && part == .pretrained)
        #expect(try read(model, description: Self.formatOne(part, tied: tied)) == model)
    }

    /// What any reader of the format sees, PyTorch's mark included.
    private func tensors(_ description: ModelDescription) throws -> [String] {
        let weights = [Float](repeating: 0.5, count: description.parameters.elementCount)
        let data = try Model(description: description, weights: weights).encoded()
        let file = try Safetensors(decoding: Array(data), path: "file")
        #expect(file.metadata["format"] == "pt")
        return file.tensors.map { "\($0.name) \($0.shape)" }
    }

    @Test func theDescriptionSurvivesAnyOrderOfKeys() throws {
        let model = Self.model()
        #expect(try read(model, description: text(model)) == model)
    }

    @Test(arguments: [
        ("\"format\":2", "\"format\":3"), ("\"shape\":[4]", "\"shape\":[0]"), ("\"shape\":[4]", "\"shape\":[-4]"),
        ("\"shape\":[4]", "\"shape\":[9223372036854775807]"), ("\"shape\":[4]", "\"shape\":[99223372036854775807]"),
        ("\"shape\":[4,3]", "\"shape\":[4,9223372036854775807]"), ("\"shape\":[4,3]", "\"shape\":[4,2.5]"),
        ("\"divisor\":255", "\"divisor\":0"), ("\"divisor\":255", "\"divisor\":-1"),
        ("\"divisor\":255", "\"divisor\":1e999"), ("\"divisor\":255", "\"divisor\":1e-300"),
        ("\"part\":\"pretrained\"", "\"part\":\"Half\""), ("\"relu\"", "\"step\""),
        ("\"planHash\":\"", "\"planHash\":\"g"),
        ("\"inputs\":[0]", "\"inputs\":[7]"), ("\"inputs\":[1]", "\"inputs\":[9]"), ("{", "["),
        ("\"graph\"", "\"net\""),
        ("\"code\":2", "\"code\":99"), ("\"target\":0", "\"target\":1"), ("\"reconstruction\"", "\"song\""),
        ("encoder.0.weight", "encoder.0.bias"),
    ]) func aDescriptionThatCannotBeIsRefused(from: String, to: String) throws {
        let model = Self.model()
        let original = try text(model)
        let changed = try #require(original.range(of: from).map { original.replacingCharacters(in: $0, with: to) })
        try expectOneLine { try read(model, description: changed) }
    }

    @Test(arguments: [
        ("\"format\":1", "\"format\":4"), ("\"inputSize\":4", "\"inputSize\":0"),
        ("\"inputSize\":4", "\"inputSize\":-4"), ("\"inputSize\":4", "\"inputSize\":9223372036854775807"),
        ("\"inputSize\":4", "\"inputSize\":99223372036854775807"), ("\"units\":3", "\"units\":9223372036854775807"),
        ("\"units\":3", "\"units\":-3"), ("\"units\":3", "\"units\":1048577"), ("\"units\":3", "\"units\":2.5"),
        ("\"divisor\":255", "\"divisor\":0"), ("\"divisor\":255", "\"divisor\":1e999"),
        ("\"part\":\"pretrained\"", "\"part\":\"fine-tuned\""), ("\"part\":\"pretrained\"", "\"part\":\"half\""),
        ("\"relu\"", "\"step\""), ("\"unit_norm\"", "\"none\""), ("\"planHash\":\"", "\"planHash\":\"g"),
        ("\"decoders\":[", "\"decoders\":[{\"activation\":\"relu\",\"constraint\":\"free\"},"),
        ("\"network\"", "\"net\""), ("\"count\":2", "\"count\":0"), ("{\"none\":{}}", "{\"all\":{}}"),
    ]) func aDescriptionOfTheFirstFormatThatCannotBeIsRefused(from: String, to: String) throws {
        let original = Self.formatOne(.pretrained, tied: false)
        let changed = try #require(original.range(of: from).map { original.replacingCharacters(in: $0, with: to) })
        try expectOneLine { try read(Self.model(), description: changed) }
    }

    @Test func sizesThatMultipliedOverflowAreRefused() throws {
        let model = Self.model()
        let layer = "{\"activation\":\"relu\",\"units\":1048576}"
        let layers = Array(repeating: layer, count: Limits.layers).joined(separator: ",")
        let decoder = "{\"activation\":\"relu\",\"constraint\":\"free\"}"
        let decoders = Array(repeating: decoder, count: Limits.layers).joined(separator: ",")
        let hash = Digest(of: [1]).hex
        for (inputs, layers, decoders) in [
            (Limits.sampleSize, layers, decoders), (Int.max, layers, decoders),
            (1, layers + "," + layer, decoders + "," + decoder), (1, "", ""),
        ] {
            let description =
                "{\"format\":1,\"part\":\"pretrained\",\"network\":{\"inputSize\":\(inputs),\"layers\":[\(layers)]},"
                + "\"divisor\":1,\"decoders\":[\(decoders)],\"planHash\":\"\(hash)\"}"
            try expectOneLine { try read(model, description: description) }
        }
    }

    @Test func otherTensorsAreRefused() throws {
        let model = Self.model()
        let parameters = model.description.parameters
        let description = try text(model)
        var others = [Array(parameters.dropLast()), Array(parameters.reversed())]
        var renamed = parameters
        renamed[0].name = "encoder.1.weight.extra"
        var turned = parameters
        turned[0].shape.reverse()
        others += [
            renamed, turned, parameters + [ParameterSpec(name: "more", shape: [1], role: .bias, initializer: .zero)],
            [],
        ]
        for other in others {
            let weights = [Float](repeating: 1, count: other.elementCount)
            let data = WeightsBlob.file(weights, other, metadata: ["cairn": description]).encoded()
            try expectOneLine { try read(data) }
            let error = #expect(throws: DataError.self) {
                try written(data, parameters)
            }
            #expect(error?.code == .wrongShape)
        }
    }

    private func written(_ data: Data, _ parameters: [ParameterSpec]) throws -> [Float] {
        let file = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString.prefix(8))")
        try data.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try WeightsBlob.read(file.path, parameters)
    }

    @Test func aFileWithoutADescriptionIsRefused() throws {
        let model = Self.model()
        let data = WeightsBlob.file(model.weights, model.description.parameters).encoded()
        try expectOneLine { try read(data) }
        #expect(try written(data, model.description.parameters) == model.weights)
    }

    @Test func weightsThatAreNotFiniteAreRefused() throws {
        for value in [Float.nan, .infinity] {
            var model = Self.model()
            model.weights[3] = value
            let data = try model.encoded()
            try expectOneLine { try read(data) }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = Array(try Self.model().encoded())
        for count in 0..<bytes.count { try expectOneLine { try read(bytes.prefix(count)) } }
        try expectOneLine { try read(bytes + [0]) }
    }

    @Test func mutantsAreReadOrRefused() throws {
        let bytes = Array(try Self.model().encoded())
        var random = Philox(key: 4, stream: 0)
        for _ in 0..<3_000 {
            var mutant = bytes
            for _ in 0...random.next(below: 3) {
                mutant[random.next(below: mutant.count)] = UInt8(truncatingIfNeeded: random.nextBits())
            }
            do { _ = try read(mutant) } catch let error as DataError { #expect(!error.description.contains("\n")) }
        }
    }

    private func expectOneLine(
        _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Model
    ) throws {
        let error = #expect(throws: DataError.self, sourceLocation: location) { try body() }
        let text = try #require(error, sourceLocation: location).description
        #expect(text.hasPrefix("file: ") && !text.contains("\n"), "\(text)", sourceLocation: location)
    }
}
