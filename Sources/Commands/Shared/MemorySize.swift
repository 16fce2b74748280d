import ArgumentParser
import RunProtocol

/// An amount of memory as people write it: `500MB`, `2GB`, `1.5GiB`; a bare number is bytes.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let text = argument.uppercased()
        let number = text.prefix { $0.isNumber || $0 == "." }
        let units = ["": 1.0, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12]
        let binary = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40]
        let name = String(text.dropFirst(number.count))
        let unit = units[name] ?? binary[name] ?? (name.hasSuffix("IB") ? binary[String(name.dropLast(2))] : nil)
        guard let value = Double(number), let unit, value * unit >= 0x1p20, value * unit <= Double(Limits.memoryBytes)
        else { return nil }
        bytes = Int(value * unit)
    }
}

extension RunMemory {
    /// For people.
    var text: String {
        "\(workerSlot.asMemory) of memory for each of a worker's slots, \(coordinator.asMemory) for the coordinator, and"
            + " \(disk.asMemory) of its disk"
    }
}
