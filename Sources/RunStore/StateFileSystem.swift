import CFileSystem

/// The file system that a state folder lies on.
package enum StateFileSystem {
    /// Those whose locks, shared memory maps or caches are not one for all who mount them (`statfs(2)`).
    private static let unsafe: [UInt32: String] = [
        0x6969: "NFS", 0x517b: "SMB", 0xff53_4d42: "CIFS", 0xfe53_4d42: "SMB2", 0x0102_1997: "9p",
        0x6573_5546: "FUSE", 0x5346_414f: "AFS", 0x6b41_4653: "AFS", 0x7375_7245: "Coda", 0x00c3_6400: "Ceph",
        0x0bd0_0bd0: "Lustre", 0x1983_0326: "BeeGFS", 0x4750_4653: "GPFS", 0x786f_4256: "a shared folder of VirtualBox",
        0xbacb_acbc: "a shared folder of VMware", 0x564c: "NCP", 0x1916_0212: "OrangeFS",
    ]

    /// - Returns: the file system's name, where a state folder is not safe on it; nil where it is.
    package static func unsafeName(of folder: String) -> String? {
        var information = statfs()
        guard statfs(folder, &information) == 0 else { return nil }
        return unsafe[UInt32(truncatingIfNeeded: information.f_type)]
    }

    /// - Throws: `StoreError` whenever it is not safe.
    static func check(_ folder: String) throws(StoreError) {
        guard let name = unsafeName(of: folder) else { return }
        throw StoreError(
            "\(folder): lies on \(name), where locks and shared memory maps are not the same for all hosts and mounts, so"
                + " SQLite may damage its files there; choose a folder on a local disk with --state, or insist with"
                + " --allow-network-state where only this host uses it")
    }
}
