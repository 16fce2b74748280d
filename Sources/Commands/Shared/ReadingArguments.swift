import ArgumentParser
import DataFormats

/// How a command reads a file of samples, as a plan's keys say it.
struct ReadingArguments: ParsableArguments {
    @Option(help: "The column of a text file that has the labels, by name or position from 1.")
    var labelColumn: String?
    @Option(
        help: "A column of a text file that belongs to no sample, by name or position; can be given more than once.")
    var without: [String] = []
    @Flag(inversion: .prefixedNo, help: "Whether the first line of a text file holds names. [default: guessed]")
    var header: Bool?
    @Option(help: "Which array of an NPZ file.") var array: String?
    @Option(help: "What lies behind images where they are transparent: white or black.")
    var background = Image.Background.white

    /// - Parameter limit: only the first samples.
    func options(limit: Int? = nil) -> ReadingOptions {
        ReadingOptions(limit: limit, header: header, without: without, array: array, background: background)
    }

    /// Those for samples, to which the column of labels does not belong.
    func sampleOptions(limit: Int? = nil) -> ReadingOptions {
        var options = options(limit: limit)
        if let labelColumn { options.without.append(labelColumn) }
        return options
    }
}

extension Image.Background: ExpressibleByArgument {}
