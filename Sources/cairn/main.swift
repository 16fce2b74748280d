import Commands
import Kinds

await Cairn.start(kinds: .standard)
