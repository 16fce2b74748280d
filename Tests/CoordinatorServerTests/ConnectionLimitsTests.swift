import CoordinatorServer
import Testing

/// Who has to go where there are too many connections. Times are made up.
@Suite struct ConnectionLimitsTests {
    private static let home = ClientAddress("10.0.0.1")
    private static let flood = ClientAddress("10.0.0.2")

    private static func limits(_ connections: Int, perAddress: Int = 1_000) -> ConnectionLimits<Int> {
        var limits = ServerLimits()
        (limits.connections, limits.unauthorizedPerAddress) = (connections, perAddress)
        return ConnectionLimits(limits)
    }

    @Test func theLongestIdleOfTheLargestAddressGoesFirst() {
        var limits = Self.limits(4)
        for (id, address) in [(1, Self.home), (2, Self.flood), (3, Self.flood), (4, Self.home), (5, Self.flood)] {
            let closings = limits.opened(id, from: address, at: Double(id))
            #expect(closings.map(\.id) == (id == 5 ? [2] : []))
        }
        // Two of each: now the one that has been idle longest goes.
        #expect(limits.opened(6, from: ClientAddress("10.0.0.3"), at: 6).map(\.id) == [1])
        // Whoever was answered just now is not idle.
        limits.requestEnded(3, at: 7)
        #expect(limits.opened(7, from: Self.flood, at: 8).map(\.id) == [5])
        #expect(limits.count == 4)
    }

    @Test func authorizedConnectionsOutliveAFloodFromTheirOwnAddress() {
        var limits = Self.limits(300)
        for id in 0..<250 {
            #expect(limits.opened(id, from: Self.home, at: 0) == [])
            limits.authorized(id)
            if id % 2 == 0 { limits.requestEnded(id, at: 0) }
        }
        for id in 1_000..<5_000 {
            let closings = limits.opened(id, from: Self.home, at: 1 + Double(id))
            #expect(closings.allSatisfy { $0.id >= 1_000 && $0.id < id })
            #expect(limits.count <= 300)
        }
    }

    @Test func anAddressHasOnlySoManyWithoutAnAuthorizedRequest() {
        var limits = Self.limits(1_000, perAddress: 3)
        // All at once: these may just be about to send their requests.
        for id in 0..<6 { #expect(limits.opened(id, from: Self.home, at: 0.1 * Double(id)) == []) }
        let closings = limits.opened(6, from: Self.home, at: 2)
        #expect(closings.map(\.id) == [0, 1, 2, 3])
        #expect(closings.allSatisfy { $0.limit == .connectionsPerAddress && $0.address == Self.home })
        // Others are not counted, nor those that were authorized.
        #expect(limits.opened(10, from: Self.flood, at: 9) == [])
        for id in 4..<7 { limits.authorized(id) }
        #expect(limits.opened(7, from: Self.home, at: 9) == [])
    }

    @Test func newcomersFindRoomAmongIdleAuthorizedConnections() {
        var limits = Self.limits(32)
        for id in 0..<32 {
            _ = limits.opened(id, from: Self.home, at: 0)
            limits.authorized(id)
            if id >= 16 { limits.requestEnded(id, at: Double(id)) }
        }
        #expect(limits.opened(100, from: Self.flood, at: 50).map(\.id) == [16])
        #expect(limits.opened(101, from: Self.flood, at: 51).map(\.id) == [17])
        // There is room for two newcomers of 32; from the third on they make room among themselves.
        #expect(limits.opened(102, from: Self.flood, at: 52).map(\.id) == [100])
        // A request begins again: the connection is not idle any more.
        limits.requestBegan(18)
        limits.authorized(101)
        limits.authorized(102)
        #expect(limits.opened(103, from: Self.flood, at: 53).map(\.id) == [19])
    }

    @Test func requestsInProgressOfAuthorizedClientsStay() {
        var limits = Self.limits(8)
        for id in 0..<8 {
            _ = limits.opened(id, from: Self.home, at: 0)
            limits.authorized(id)
        }
        #expect(limits.opened(8, from: Self.home, at: 1).map(\.id) == [8])
        let none = limits.descriptorsRanOut()
        #expect(none == nil)
        limits.requestEnded(3, at: 2)
        let closing = limits.descriptorsRanOut()
        #expect(closing?.id == 3)
        #expect(limits.count == 7)
    }

    @Test func whatIsClosedIsForgotten() {
        var limits = Self.limits(2)
        for id in 0..<100 {
            _ = limits.opened(id, from: Self.home, at: Double(id))
            if id % 3 == 0 { limits.authorized(id) }
            limits.closed(id)
            limits.closed(id)
            limits.authorized(id)
            limits.requestBegan(id)
            limits.requestEnded(id, at: Double(id))
            #expect(limits.count == 0)
        }
    }

    @Test(arguments: [
        ("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"), ("::1", "0:0:0:0::/64"), ("x", "no address"), (nil, "no address"),
    ]) func ofIPv6AddressesTheNetworkCounts(text: String?, shown: String) {
        #expect(ClientAddress(text).description == shown)
    }
}

/// When wrong tokens are answered.
@Suite struct WrongTokensTests {
    private static let address = ClientAddress("10.0.0.1")

    @Test func someAreAnsweredAtOnceThenOneASecond() {
        var tokens = WrongTokens(ServerLimits())
        let decisions = (0..<16).map { _ in tokens.received(from: Self.address, at: 100) }
        let delays = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4].map { WrongTokens.Decision.answer(afterSeconds: $0) }
        #expect(decisions == delays + [.refuse, .refuse])
        // Those who were refused do not make the others wait longer.
        #expect(tokens.received(from: Self.address, at: 101) == .answer(afterSeconds: 4))
        #expect(tokens.received(from: ClientAddress("10.0.0.2"), at: 101) == .answer(afterSeconds: 0))
        #expect(tokens.received(from: Self.address, at: 105) == .answer(afterSeconds: 1))
        // Much later it is as in the beginning.
        for _ in 0..<10 { #expect(tokens.received(from: Self.address, at: 1_000) == .answer(afterSeconds: 0)) }
    }

    @Test func manyAddressesAreForgottenBeforeThoseThatTryMost() {
        var tokens = WrongTokens(ServerLimits())
        for _ in 0..<20 { _ = tokens.received(from: Self.address, at: 0) }
        for index in 0..<2 * UInt32(WrongTokens.addresses) { _ = tokens.received(from: .v4(index), at: 0) }
        #expect(tokens.received(from: Self.address, at: 0) == .refuse)
    }
}

/// Room for messages.
@Suite struct MessageMemoryTests {
    @Test func longMessagesLeaveRoomForShortOnes() {
        let memory = MessageMemory(limit: 64 << 20)
        var rooms: [Place] = []
        while let room = memory.reserve(4 << 20) { rooms.append(room) }
        #expect(rooms.count == 9)
        while let room = memory.reserve(512 << 10) { rooms.append(room) }
        #expect(memory.reservedBytes <= 61 << 20)
        for _ in 0..<1_000 { rooms.append(contentsOf: memory.reserve(300).map { [$0] } ?? []) }
        #expect(memory.reserve(16 << 10) != nil)
        #expect(memory.reserve(4 << 20) == nil)
        rooms = []
        #expect(memory.reservedBytes == 0)
        #expect(memory.reserve(4 << 20) != nil)
        #expect(memory.reserve(8 << 20 + 1) == nil)
    }
}
