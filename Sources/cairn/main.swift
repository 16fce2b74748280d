import Commands

await Cairn.start()
