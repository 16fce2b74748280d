import ArgumentParser
import DataFormats
import FoundationEssentials
import ModelFormat
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
        let decoded = TaskFunctions.reconstruct(
            loaded, network: description.network, decoders: description.decoders, sparsity: description.sparsity,
            weights: model.weights)
        var sheet = ContactSheet(
            height: shape[0], width: shape[1], channels: shape.count == 3 ? shape[2] : 1, columns: table.count)
        for index in 0..<table.count {
            let range = index * table.size..<(index + 1) * table.size
            sheet.draw(loaded.sample(index), row: 0, column: index)
            sheet.draw(Array(decoded[range]), row: 1, column: index)
        }
        try AtomicFile.write(
            PNG.encode(
                width: sheet.sheetWidth, height: sheet.sheetHeight, channels: sheet.channels, pixels: sheet.pixels),
            to: output)
        print("wrote \(output): \(table.count) images above their reconstructions")
    }
}

/// Two rows of images with a gap of two pixels between them, four times as large as they are.
private struct ContactSheet {
    let height: Int
    let width: Int
    let channels: Int
    let columns: Int
    private static let zoom = 4
    private static let gap = 2
    private(set) var pixels: [UInt8]

    init(height: Int, width: Int, channels: Int, columns: Int) {
        self.height = height
        self.width = width
        self.channels = channels
        self.columns = columns
        pixels = []
        pixels = [UInt8](repeating: 64, count: sheetWidth * sheetHeight * channels)
    }

    var sheetWidth: Int { columns * (width * Self.zoom + Self.gap) + Self.gap }
    var sheetHeight: Int { 2 * (height * Self.zoom + Self.gap) + Self.gap }

    /// - Parameter image: (height, width, channels), 0 ... 1.
    mutating func draw(_ image: [Float], row: Int, column: Int) {
        let top = Self.gap + row * (height * Self.zoom + Self.gap)
        let left = Self.gap + column * (width * Self.zoom + Self.gap)
        for y in 0..<height * Self.zoom {
            for x in 0..<width * Self.zoom {
                for channel in 0..<channels {
                    let value = image[((y / Self.zoom) * width + x / Self.zoom) * channels + channel]
                    let place = ((top + y) * sheetWidth + left + x) * channels + channel
                    pixels[place] = UInt8(max(0, min(1, value)) * 255)
                }
            }
        }
    }
}
