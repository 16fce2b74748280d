package import RunProtocol

extension StackedPlan {
    /// What its numbers alone say: nothing of it needs the data.
    package var remarks: [Remark] {
        // Stages with the same rounds and replicas have the same cause, and one remark.
        var groups: [(settings: StageSettings, names: [String])] = []
        for stage in autoencoderStages {
            let same = groups.firstIndex {
                $0.settings.rounds == stage.settings.rounds && $0.settings.replicas == stage.settings.replicas
            }
            if let same {
                groups[same].names.append(stage.name)
            } else {
                groups.append((stage.settings, [stage.name]))
            }
        }
        return groups.flatMap { remarks(of: $0.names.joined(separator: ", "), $0.settings) }
    }

    private func remarks(of stages: String, _ settings: StageSettings) -> [Remark] {
        let (shards, rounds, replicas) = (data.shards, settings.rounds, settings.replicas)
        var remarks: [Remark] = []
        // Task k of round r reads shard ((r - 1) replicas + k) mod shards.
        let (read, overflow) = rounds.multipliedReportingOverflow(by: replicas)
        if !overflow, read < shards {
            let neededRounds = (shards + replicas - 1) / replicas
            let neededReplicas = (shards + rounds - 1) / rounds
            remarks.append(
                Remark(
                    .unreadShards,
                    "\(stages): \(shards - read) of \(shards) shards \(shards - read == 1 ? "is" : "are") never trained on: \(rounds.counted("round")) of"
                        + " \(replicas.counted("replica")) read \(read); use rounds: \(neededRounds), replicas:"
                        + " \(neededReplicas) or shards: \(read)"))
        }
        if replicas > shards {
            remarks.append(
                Remark(
                    .repeatedShards,
                    "\(stages): a round of \(replicas.counted("replica")) reads \(shards.counted("shard")), each up to"
                        + " \((replicas + shards - 1) / shards) times; replicas that train on the same samples add"
                        + " little; use replicas: \(shards) or shards: \(replicas)"))
        }
        return remarks
    }
}
