import TerminalViews
import Testing

/// What a terminal is sent.
@Suite struct CanvasTests {
    private let size = ScreenSize(columns: 5, rows: 4)

    @Test func aPictureIsDrawnOverTheLastOne() {
        var canvas = Canvas(isColoured: false)
        #expect(canvas.draw([Line("one"), Line("two", .bad)], on: size) == "one\u{1B}[K\r\ntwo\u{1B}[K\r\n\u{1B}[J")
        // Behind a full line nothing is erased: it would be the line's last character.
        #expect(canvas.draw([Line("three")], on: size) == "\r\u{1B}[2Athree\r\n\u{1B}[J")
        #expect(canvas.erase() == "\r\u{1B}[1A\u{1B}[J")
        #expect(canvas.erase() == "")
    }

    @Test func colours() {
        var canvas = Canvas(isColoured: true)
        #expect(canvas.draw([Line("two", .bad)], on: size) == "\u{1B}[31mtwo\u{1B}[0m\u{1B}[K\r\n\u{1B}[J")
    }

    @Test func whatHasNoRoomIsLeftOut() {
        var canvas = Canvas(isColoured: false)
        let drawn = canvas.draw((1...9).map { Line("line \($0)") }, on: size)
        #expect(drawn == "line…\r\nline…\r\nline…\r\n\u{1B}[J")
        #expect(Canvas.room(on: size) == ScreenSize(columns: 5, rows: 3))
    }

    @Test func onAScreenOfAnotherSizeItStartsAtTheTop() {
        var canvas = Canvas(isColoured: false)
        _ = canvas.draw([Line("one")], on: size)
        let other = ScreenSize(columns: 9, rows: 4)
        #expect(canvas.draw([Line("one")], on: other) == "\u{1B}[Hone\u{1B}[K\r\n\u{1B}[J")
        #expect(canvas.draw([Line("one")], on: other) == "\r\u{1B}[1Aone\u{1B}[K\r\n\u{1B}[J")
    }
}
