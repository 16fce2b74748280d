import Glibc

/// Sleeping on the slots' own threads.
enum Pause { static func briefly() { usleep(2_000) } }
