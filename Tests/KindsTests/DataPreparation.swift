import CoordinatorRuntime
import Kinds
import PlanFile
import RunProtocol
import RunStore

/// A plan's data, read and cut as a coordinator does it.
struct DataPreparation {
    let plan: StackedPlan
    let folder: String
    let folders: DataFolders
    let blobs: BlobFolder

    func prepare() throws -> StackedManifest {
        try StackedAutoencoder().prepare(plan.plan, DataAccess(folders, from: folder, to: blobs))
            .decoded(as: StackedManifest.self)
    }
}
