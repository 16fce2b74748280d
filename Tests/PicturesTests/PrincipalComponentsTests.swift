import Pictures
import RandomNumbers
import Testing

@Suite struct PrincipalComponentsTests {
    /// Rows that vary along two directions at right angles, of which the first is stretched more.
    private func rows(count: Int, size: Int, stretch: Double = 3) -> (rows: [Float], along: [(Double, Double)]) {
        var random = Philox(key: 5, stream: 0)
        let along = (0..<count).map { _ in
            (stretch * (Double(random.nextUnit()) - 0.5), Double(random.nextUnit()) - 0.5)
        }
        let length = Double(size / 2).squareRoot()
        let rows = along.flatMap { first, second in
            (0..<size).map { Float(7 + ($0 % 2 == 0 ? first : second) / length) }
        }
        return (rows, along)
    }

    @Test(arguments: [(count: 50, size: 200), (count: 300, size: 10)])
    func findsTheDirectionsOfRowsThatLieInAPlane(count: Int, size: Int) {
        let (rows, along) = rows(count: count, size: size)
        let found = PrincipalComponents(rows, count: count)
        let means = along.reduce((0.0, 0.0)) { ($0.0 + $1.0 / Double(count), $0.1 + $1.1 / Double(count)) }
        // Both components were drawn, so they may be correlated a little: distances in the plane stay what they were.
        for (a, b) in [(0, 1), (3, 17), (20, 41)] {
            let expected = hypotenuse(along[a].0 - along[b].0, along[a].1 - along[b].1)
            #expect(abs(hypotenuse(found.x[a] - found.x[b], found.y[a] - found.y[b]) - expected) < 1e-3)
        }
        let total = along.reduce(0) { $0 + square($1.0 - means.0) + square($1.1 - means.1) }
        let (x, y) = (found.x.reduce(0) { $0 + square($1) }, found.y.reduce(0) { $0 + square($1) })
        #expect(abs(x + y - total) < 1e-3 * total && x > 5 * y)
        #expect(abs(found.variance[0] - x / total) < 1e-3 && abs(found.variance.reduce(0, +) - 1) < 1e-3)
        #expect(abs(zip(found.x, found.y).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-3 * total)
    }

    private func square(_ number: Double) -> Double { number * number }
    private func hypotenuse(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }

    @Test func signsAreFixed() {
        let found = PrincipalComponents([0, 0, 0, 10], count: 4)
        #expect(abs(found.x[3] - 7.5) < 1e-5 && abs(found.x[0] + 2.5) < 1e-5)
        let mirrored = PrincipalComponents([0, 0, 0, -10], count: 4)
        #expect(zip(found.x, mirrored.x).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(abs(found.variance[0] - 1) < 1e-6 && found.variance[1] == 0)
        #expect(found.y == [0, 0, 0, 0])
    }

    @Test func theSameRowsGiveTheSameBits() {
        let (rows, _) = rows(count: 40, size: 30, stretch: 1)
        let (a, b) = (PrincipalComponents(rows, count: 40), PrincipalComponents(rows, count: 40))
        #expect(a.x == b.x && a.y == b.y && a.variance == b.variance)
    }

    @Test(arguments: [
        [Float](repeating: 0, count: 6), [Float](repeating: 3, count: 6), [.nan, 1, .infinity, 1, 1, 1],
        [1e38, -1e38, 1e38, 0, 0, 1e-38],
    ])
    func oddRowsGiveFiniteNumbers(rows: [Float]) {
        let found = PrincipalComponents(rows, count: 3)
        #expect((found.x + found.y + found.variance).allSatisfy { $0.isFinite })
        #expect(PrincipalComponents(rows, count: 1).variance.allSatisfy { (0...1).contains($0) })
    }
}
