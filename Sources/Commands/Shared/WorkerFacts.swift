import ArgumentParser
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

/// How many tasks at once this host takes unless told otherwise: one a core.
enum Cores {
    static var count: Int { max(1, min(ProcessInfo.processInfo.activeProcessorCount, Limits.slots)) }
}
