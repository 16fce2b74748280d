import ArgumentParser
import DataFormats
import ModelFormat
import Pictures
import PlanFile
import RunProtocol
import TensorCore
import Training

struct PictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture", abstract: "Draw images above what an exported autoencoder makes of them.",
        discussion: "Each image goes through all encoders and back through all decoders.")

    @Argument(help: "A file that `cairn export RUN` or `cairn pretrain` wrote.") var file: String
    @Option(help: "The images: IDX, NPY or a folder.") var samples: String
    @Option(name: .shortAndLong, help: "The PNG file to write.") var output: String
    @Option(help: "How many images, from the first.") var count = 16
    @Option(help: "Divide every number by this; else by what the network's own samples were divided by.")
    var divideBy: Double?
    @OptionGroup var reading: ReadingArguments
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        guard (1...1_000).contains(count) else { throw ValidationError("--count goes from 1 to 1000.") }
        guard (1e-9...1e9).contains(divideBy ?? 1) else { throw ValidationError("--divide-by goes from 1e-9 to 1e9.") }
    }

    func run() throws {
        let model = try Cairn.kinds.model(file: file)
        let description = model.description
        guard let network = Reconstruction(model) else {
            throw CommandError("\(file): has no decoders; use the file of the pretrained weights")
        }
        let rows = try WorkProgress.during("reading", isQuiet: quiet) {
            try SampleFile.rows(samples, reading.sampleOptions(limit: count))
        }
        let matched = try ModelSamples(rows, path: samples, for: description, divideBy: divideBy)
        let input = description.graph.inputs[0].shape
        let shape = input.count == 3 ? input : rows.sampleShape
        guard shape.count == 2 || shape.count == 3 && (shape[2] == 1 || shape[2] == 3) else {
            throw CommandError("\(samples): its samples are no images: they have the shape \(shape)")
        }
        Engine.useOneThread()
        let loaded = try matched.load()
        try AvailableMemory.check(network.memory(samples: loaded.count, kept: loaded.count), for: file)
        let progress = WorkProgress("drawing", unit: "images", of: loaded.count, isQuiet: quiet)
        let decoded = try network.reconstruct(loaded, progress: progress.advance)
        progress.end()
        let image = ImageShape(height: shape[0], width: shape[1], channels: shape.count == 3 ? shape[2] : 1)
        var sheet = PictureSheet(TileShape(image), rows: 2, columns: loaded.count, zoom: 4)
        for index in 0..<loaded.count {
            let range = index * loaded.size..<(index + 1) * loaded.size
            sheet.draw(loaded.sample(index), row: 0, column: index)
            sheet.draw(Array(decoded[range]), row: 1, column: index)
        }
        try AtomicFile.write(sheet.png(), to: output)
        say("wrote \(output): \(loaded.count) images above their reconstructions")
    }
}
