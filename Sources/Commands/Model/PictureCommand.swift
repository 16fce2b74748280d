import ArgumentParser
import DataFormats
import FoundationEssentials
import ModelFormat
import Pictures
import RunProtocol
import TensorCore
import Training
import WorkerRuntime

/// `cairn picture`
struct PictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture",
        abstract: "Draw images above what an exported autoencoder makes of them.",
        discussion: "Each image goes through all encoders and back through all decoders.")

    @Argument(help: "A file that `cairn export RUN` or `cairn pretrain` wrote.") var file: String
    @Option(help: "The images: IDX, NPY or a folder.") var samples: String
    @Option(name: .shortAndLong, help: "The PNG file to write.") var output: String
    @Option(help: "How many images, from the first.") var count = 16
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        guard (1...1_000).contains(count) else { throw ValidationError("--count goes from 1 to 1000.") }
    }

    func run() throws {
        let model = try Model(decoding: try FileBytes.read(file), path: file)
        let description = model.description
        guard description.part == .pretrained else {
            throw CommandError("\(file): has no decoders; use the file of the pretrained weights")
        }
        let table = try SampleFile.samples(samples, limit: count)
        guard table.size == description.network.inputSize else {
            throw CommandError(
                "\(samples): its samples have \(table.size) numbers; the network takes \(description.network.inputSize)"
            )
        }
        let shape = table.sampleShape
        guard shape.count == 2 || shape.count == 3 && (shape[2] == 1 || shape[2] == 3) else {
            throw CommandError("\(samples): its samples are no images: they have the shape \(shape)")
        }
        Engine.useOneThread()
        let loaded = Samples(table, divisor: description.divisor)
        let progress = WorkProgress("drawing", unit: "images", of: table.count, isQuiet: quiet)
        let decoded = TaskFunctions.reconstruct(
            loaded, network: description.network, decoders: description.decoders, sparsity: description.sparsity,
            weights: model.weights, progress: progress.advance)
        progress.end()
        let image = ImageShape(height: shape[0], width: shape[1], channels: shape.count == 3 ? shape[2] : 1)
        var sheet = PictureSheet(TileShape(image), rows: 2, columns: table.count, zoom: 4)
        for index in 0..<table.count {
            let range = index * table.size..<(index + 1) * table.size
            sheet.draw(loaded.sample(index), row: 0, column: index)
            sheet.draw(Array(decoded[range]), row: 1, column: index)
        }
        try AtomicFile.write(sheet.png(), to: output)
        print("wrote \(output): \(table.count) images above their reconstructions")
    }
}
