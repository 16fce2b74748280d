import Fuzzing
import Glibc

#if CAIRN_FUZZING
    /// By the environment, since libFuzzer takes all arguments for its own.
    private let target: FuzzTarget = {
        let name = getenv("CAIRN_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            preconditionFailure("CAIRN_FUZZ_TARGET should be one of \(FuzzTarget.allCases)")
        }
        return target
    }()

    /// What libFuzzer calls with bytes that it has made up.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        do {
            try target.parse(UnsafeRawBufferPointer(start: bytes, count: count))
        } catch {
            let text = "\(error)\n"
            write(STDERR_FILENO, text, text.utf8.count)
            abort()
        }
        return 0
    }
#endif
