import Commands
import PairClassifier
import PlanFile

// The program with another kind of model than those that it is delivered with, and none of these.
await Cairn.start(kinds: ModelKinds([PairClassifier()]))
