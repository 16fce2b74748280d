/// Where the samples lie and how they are cut.
package struct DataPlan: Codable, Hashable, Sendable {
    package var unlabeled: SampleSource
    /// How many unlabeled samples are kept out of training to measure the reconstruction error on. They are drawn by the seed.
    package var heldOut: Int
    /// Into how many shards the rest is cut.
    package var shards: Int
    package var labeled: LabeledSource?
    package var test: LabeledTest?
    /// Instead of `test`: this share of the labeled samples of each class is set aside to be tested on, drawn by the seed.
    package var testSplit: Double?

    package init(
        unlabeled: SampleSource, heldOut: Int, shards: Int, labeled: LabeledSource? = nil, test: LabeledTest? = nil,
        testSplit: Double? = nil
    ) {
        (self.unlabeled, self.heldOut, self.shards, self.labeled) = (unlabeled, heldOut, shards, labeled)
        (self.test, self.testSplit) = (test, testSplit)
    }

    /// Whether there is something to test a classifier on.
    package var hasTest: Bool { test != nil || testSplit != nil }
}

/// What is seen through an image where it is transparent.
package enum ImageBackground: String, Codable, Hashable, Sendable, CaseIterable { case white, black }

/// A file or folder of samples.
package struct SampleSource: Codable, Hashable, Sendable {
    /// IDX (gzip or not), NPY, CSV, or a folder of PNG and JPEG images.
    package var path: String
    /// Only the first samples; nil for all.
    package var limit: Int?
    /// Every number is divided by this. Nil: by what the unlabeled samples are divided by, and those by 255 where they are
    /// 8-bit data beyond 0 and 1, by 65535 where they are 16-bit images, else by 1.
    package var divideBy: Double?

    /// Whether the first line of a text file holds names; nil: guessed.
    package var header: Bool?
    /// Columns that belong to no sample, by name or position from 1; nil for none.
    package var without: [String]?
    /// Which array of an NPZ file; nil for its only one.
    package var array: String?
    /// What lies behind images where they are transparent; nil: white.
    package var background: ImageBackground?

    package init(
        path: String, limit: Int? = nil, divideBy: Double? = nil, header: Bool? = nil, without: [String]? = nil,
        array: String? = nil, background: ImageBackground? = nil
    ) {
        (self.path, self.limit, self.divideBy, self.header, self.without) = (path, limit, divideBy, header, without)
        (self.array, self.background) = (array, background)
    }
}

/// Where the labels of some samples are.
package enum LabelSource: Codable, Hashable, Sendable {
    /// A file with a class for each sample (IDX, NPY, NPZ or text): of a text file with several columns `column`, by name or
    /// position from 1; of an NPZ file with several arrays `array`. `header`: whether the first line of a text file holds
    /// names; nil where that is guessed.
    case file(path: String, column: String? = nil, header: Bool? = nil, array: String? = nil)
    /// A column of the samples' own text file, by name or position from 1.
    case column(name: String)
    /// The samples are a folder with a subfolder for each class; classes count in the order of the names.
    case folders
}

/// The pool from which the few labeled examples are drawn.
package struct LabeledSource: Codable, Hashable, Sendable {
    package var samples: SampleSource
    package var labels: LabelSource
    /// How many examples of each class are drawn; nil for all of the pool.
    package var perClass: Int?
    /// How often the experiment is done, each time with other examples.
    package var draws: Int
}

/// The samples that the classifier is tested on; nothing is ever chosen by them.
package struct LabeledTest: Codable, Hashable, Sendable {
    package var samples: SampleSource
    package var labels: LabelSource
}

/// Samples of which the whole encoder's codes are exported.
package struct OutputPlan: Codable, Hashable, Sendable {
    /// Of the export.
    package var name: String
    package var samples: SampleSource
    /// Into how many parts they are cut, each a task.
    package var shards: Int
    /// Whether mean, standard deviation and range of the codes are exported too; nil: they are not.
    package var statistics: Bool?

    /// The name of the statistics' export.
    package var statisticsName: String { name + "-statistics" }
}
