import CoordinatorRuntime
import DataFormats
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

extension NPY {
    static func samples(_ bytes: [UInt8], path: String) throws -> SampleTable {
        let source = ByteSource(bytes, path: path)
        return try header(source).samples(from: source, limit: nil)
    }

    static func labels(_ bytes: [UInt8], path: String) throws -> [Int32] {
        let source = ByteSource(bytes, path: path)
        return try header(source).labels(from: source, limit: nil)
    }
}
