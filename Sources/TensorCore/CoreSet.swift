import CElementwise

/// The cores that this process may run on, as `taskset`, a container or a batch system has left them to it.
package enum CoreSet {
    /// Their numbers, rising; none where the system does not say.
    package static var allowed: [Int] {
        [Int32](unsafeUninitializedCapacity: 1_024) { cores, count in
            count = ce_allowed_cores(cores.baseAddress, 1_024)
        }.map(Int.init)
    }

    /// A core of its own for each of `slots` threads; nil where there are not enough.
    package static func cores(forSlots slots: Int) -> [Int]? {
        let allowed = allowed
        return slots <= allowed.count ? Array(allowed.prefix(slots)) : nil
    }

    /// Keeps the calling thread on `core`. Only a wish: a core that may not be had changes nothing.
    package static func stay(on core: Int) { _ = ce_stay_on_core(core) }
}
