package import DataFormats
package import PlanFile
import RunProtocol
package import RunStore

extension DataAccess {
    /// What a coordinator gives.
    /// - Parameters:
    ///   - folders: that may be read.
    ///   - folder: what the plan's relative paths start from.
    ///   - blobs: that the data are cut into.
    ///   - memory: of the steps that follow.
    package init(
        _ folders: DataFolders, from folder: String, to blobs: BlobFolder, _ memory: MemoryBudget = MemoryBudget()
    ) {
        self.init(
            locate: { path throws(APIError) in try folders.locate(path, from: folder) }, put: { try blobs.put($0) },
            checkMemory: { run throws(APIError) in
                let ((name, needed), available) = (StepMemory(run: run).largest, memory.capacity())
                guard needed > available else { return }
                throw MemoryShortage(needed: needed, available: available).error(name)
            })
    }
}
