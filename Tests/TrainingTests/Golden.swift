import Foundation
import Testing

/// Numbers of an independent framework: `scripts/golden/make_golden.py` made the files.
enum Golden {
    /// Nil where the file is not there, or is another.
    static func read<File: Decodable>(_ name: String, as: File.Type) -> File? {
        guard let url = Bundle.module.url(forResource: "Golden/\(name)", withExtension: "json"),
            let data = try? Data(contentsOf: url)
        else { return nil }
        return try? JSONDecoder().decode(File.self, from: data)
    }

    static func areClose(_ ours: Float, _ theirs: Double, absolute: Double, relative: Double) -> Bool {
        abs(Double(ours) - theirs) <= absolute + relative * abs(theirs)
    }
}

/// Compares numbers with those of the reference.
func expectClose(_ ours: [Float], _ theirs: [Double], absolute: Double = 2e-6, relative: Double = 2e-5) {
    #expect(ours.count == theirs.count)
    for (index, (our, their)) in zip(ours, theirs).enumerated()
    where !Golden.areClose(our, their, absolute: absolute, relative: relative) {
        Issue.record("number \(index): \(our), but the reference has \(their)")
    }
}

func expectClose(
    _ ours: UnsafeMutablePointer<Float>, _ theirs: [Double], absolute: Double = 2e-6, relative: Double = 2e-5
) {
    expectClose(
        Array(UnsafeBufferPointer(start: ours, count: theirs.count)), theirs, absolute: absolute, relative: relative)
}
