import DataFormats
import RunProtocol

/// Samples whose codes are exported: read so that they match the unlabeled ones, and cut in their order.
extension DataPreparation {
    func prepareOutputs(into manifest: inout StackedManifest) throws {
        guard let outputs = plan.outputs else { return }
        let size = manifest.network(of: plan.layers).codeSize
        manifest.outputs = try outputs.map { output in
            let source = try match(output.samples, nil, &manifest)
            let count = source.rows.count
            guard count >= output.shards else {
                throw APIError(
                    .invalidData, "\(output.samples.path): \(count) samples cannot be cut into \(output.shards) parts",
                    hint: "make the shards of the output \(output.name) fewer")
            }
            let (numbers, overflow) = count.divided(by: output.shards).multipliedReportingOverflow(by: size)
            guard !overflow, numbers <= Limits.parameters else {
                throw APIError(
                    .invalidPlan,
                    "a part of the output \(output.name) would have more than \(Limits.parameters) numbers",
                    hint: "give it more shards")
            }
            let places = Array(0..<Int32(count))
            let parts = try (0..<output.shards).map { part in
                try store(source, places[count * part / output.shards..<count * (part + 1) / output.shards])
            }
            return OutputSamples(name: output.name, parts: parts)
        }
    }
}
