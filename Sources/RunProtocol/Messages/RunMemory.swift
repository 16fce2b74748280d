/// What a run takes at most, in bytes: estimated from its plan and its data's sizes.
package struct RunMemory: Codable, Hashable, Sendable {
    /// The memory of each of a worker's slots, for the largest of its tasks.
    package var workerSlot: Int
    /// The coordinator's memory, for the largest of its steps.
    package var coordinator: Int
    /// The coordinator's disk.
    package var disk: Int

    package init(workerSlot: Int, coordinator: Int, disk: Int) {
        (self.workerSlot, self.coordinator, self.disk) = (workerSlot, coordinator, disk)
    }
}
