import Commands
import DataFormats
import Glibc
import Kinds
import Synchronization

// The program, killed where a file says. Each line of it names a write, its kind and a moment, such as
// `commitFact roundClosed before`; the line is taken out before the process kills itself, so that it is started again to
// meet the next one.
//
//   cairn-interrupted FILE COORDINATOR-ARGUMENTS

guard CommandLine.arguments.count > 1 else {
    print("usage: cairn-interrupted FILE COORDINATOR-ARGUMENTS")
    exit(64)
}
let file = CommandLine.arguments[1]
let text = (try? FileBytes.read(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
let left = Mutex(Set(text.split(separator: "\n").map(String.init)))

WritePoint.interruption = { point, kind, moment in
    let line = [point.rawValue, kind, moment.rawValue].filter { !$0.isEmpty }.joined(separator: " ")
    left.withLock { left in
        guard left.remove(line) != nil else { return }
        guard let list = fopen(file, "w") else { abort() }
        fputs(left.sorted().joined(separator: "\n"), list)
        fclose(list)
        kill(getpid(), SIGKILL)
    }
}

await Cairn.start(Array(CommandLine.arguments.dropFirst(2)), kinds: .standard)
