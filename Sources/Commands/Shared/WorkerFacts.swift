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

    /// Such as `2 slots (CPU quota of 1.5 of 8 cores)`.
    static var text: String {
        (count == 1 ? "1 slot" : "\(count) slots") + (available.limit.map { " (\($0))" } ?? ", one for each core")
    }
}
