/// How a file of samples or labels is read, where its contents alone do not decide.
package struct ReadingOptions: Hashable, Sendable {
    /// Only the first samples; what follows them is not unpacked.
    package var limit: Int?
    /// Whether the first line of a text file holds the columns' names; nil: guessed, and said where it could be otherwise.
    package var header: Bool?
    /// Columns of a text file that belong to no sample: each by its name, or where no column is called so, by its position
    /// from 1.
    package var without: [String]
    /// Which array of an NPZ file; nil where it has only one.
    package var array: String?
    /// What lies behind images where they are transparent.
    package var background: Image.Background

    package init(
        limit: Int? = nil, header: Bool? = nil, without: [String] = [], array: String? = nil,
        background: Image.Background = .white
    ) {
        (self.limit, self.header, self.without, self.array) = (limit, header, without, array)
        self.background = background
    }
}
