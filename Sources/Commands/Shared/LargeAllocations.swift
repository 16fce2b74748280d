import Glibc

/// What malloc does with memory that is given back.
enum LargeAllocations {
    /// Gives memory of models and data sets back to the system as soon as it is free. Only for a process that trains
    /// nothing: each of oneDNN's products takes some megabytes for a moment, and would get them anew from the system.
    ///
    /// glibc raises the size from which it does so up to 32 MiB by itself, the first time that something large is freed:
    /// then several models' worth of free memory stays with the process. A size that is set stays as it is. The function
    /// is glibc's own and not in Swift's view of it, so it is looked up; elsewhere there is nothing to do.
    static func returnAtOnce() {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let mmapThreshold: CInt = -3
        _ = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)(mmapThreshold, 2 << 20)
    }
}
