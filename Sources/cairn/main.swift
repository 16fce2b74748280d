import ArgumentParser
import Commands

Cairn.main()
