import ArgumentParser
import DataFormats
import FoundationEssentials
import Glibc
import RunProtocol
import TensorCore

extension WorkerRegistration {
    /// What this process says of itself.
    init(slots: Int) {
        self.init(
            host: ProcessInfo.processInfo.hostName, processID: Int(getpid()), slots: slots, version: Cairn.version,
            instructionSet: Engine.instructionSet)
    }
}

extension InstructionSet: ExpressibleByArgument {}

extension Engine {
    /// - Throws: whenever this processor does not have it.
    static func use(_ set: InstructionSet) throws {
        guard use(instructionSet: set.rawValue) else {
            throw CommandError("this processor cannot compute with \(set.rawValue); it has \(processor)")
        }
    }
}

/// How many tasks at once this process takes unless told otherwise: one for each core that it may use.
enum Cores {
    static let available: AvailableCores = {
        let (installed, allowed) = (sysconf(CInt(_SC_NPROCESSORS_ONLN)), CoreSet.allowed.count)
        return AvailableCores(
            installed: installed, allowed: allowed > 0 ? allowed : installed, quota: AvailableCores.ownQuota)
    }()

    static var count: Int { min(available.count, Limits.slots) }

    /// - Parameter slots: nil for as many as there are cores.
    static func check(slots: Int?) throws {
        guard (1...Limits.slots).contains(slots ?? 1) else {
            throw ValidationError("--slots goes from 1 to \(Limits.slots).")
        }
    }

    /// Such as `2 slots (CPU quota of 1.5 of 8 cores)`.
    static var text: String {
        (count == 1 ? "1 slot" : "\(count) slots") + (available.limit.map { " (\($0))" } ?? ", one for each core")
    }
}

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
