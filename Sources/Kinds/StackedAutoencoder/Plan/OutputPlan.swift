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
