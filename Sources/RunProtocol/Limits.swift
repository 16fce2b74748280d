/// The limits that are checked wherever something comes in from outside.
package enum Limits {
    package static let planBytes = 1 << 20
    package static let messageBytes = 4 << 20
    /// The figures in front of an update's numbers.
    package static let updateHeaderBytes = 1 << 20
    package static let layers = 64
    /// Columns that a plan leaves out.
    package static let planColumns = 1_000
    package static let units = 1 << 20
    /// Height, width and channels of a picture.
    package static let imageSide = 1 << 16
    /// Height and width of a convolution's window.
    package static let kernel = 64
    package static let stride = 16
    /// By how many places a picture can be moved.
    package static let shift = 64
    package static let pooling = 16
    package static let sampleSize = 1 << 24
    package static let samples = 1 << 31 - 1
    package static let classes = 10_000
    package static let parameters = 1 << 30
    /// Of a graph: what goes in, its nodes, and its weights' tensors.
    package static let fields = 16
    package static let nodes = 4_096
    package static let tensors = 8_192
    package static let rounds = 100_000
    package static let stages = 100_000
    package static let replicas = 10_000
    package static let shards = 10_000
    /// Sample sets whose codes a run exports.
    package static let outputs = 100
    package static let selfTrainingRounds = 1_000
    package static let slots = 1_024
    package static let workers = 10_000
    package static let nameCharacters = 100
    package static let longPollSeconds = 30.0
    /// Of a run, that are remembered and sent.
    package static let journalEntries = 5_000
    /// Of what a worker says that keeps it from working.
    package static let troubleCharacters = 500
    /// Metrics, series and tables of one result or round together.
    package static let namedValues = 64
    package static let valueNameCharacters = 64
    /// How many numbers a curve within a result has.
    package static let curvePoints = 500
    /// Workers' times with tasks, of a run, that are remembered and shown.
    package static let spans = 4_000
    /// Runs that have ended, whose spans are still remembered.
    package static let endedTimelines = 20
    /// Starts of coordinators with one state folder that are remembered.
    package static let lives = 1_000
    /// Workers that are gone and still shown.
    package static let lostWorkers = 1_000
    /// How many blobs a message lists at most.
    package static let listedBlobs = 10_000
    /// An update's number is refused beyond ± this; so a round's exact sum cannot overflow.
    package static let updateMagnitude: Float = 1_024
    /// A loss or an error is out of range from ± this on: it has to fit into whole multiples of 2^-20.
    package static let figureMagnitude = 0x1p40
    /// A task that workers gave back with a failure this often ends its run.
    package static let taskAttempts = 5
    /// Where there is one worker only, it must see a task diverge this often before its run ends.
    package static let loneDivergences = 3
    /// A worker that gave so many tasks back as diverged which others have done is asked last.
    package static let contradictedDivergences = 3
    /// No more memory is spoken of.
    package static let memoryBytes = 1 << 50
    /// Of those that are remembered after a restart, the newest.
    package static let quarantines = 10_000
    /// How many characters a worker's nonce has.
    package static let nonce = 16...64
    /// A worker of which so many answers in a row were refused gets no more tasks.
    package static let refusedAnswers = 3
    /// So many workers do a task that two must agree about; then the run fails, unless one is there that has not done it.
    package static let witnesses = 16
    /// So many do it in any case.
    package static let mostWitnesses = 64
}

/// The version of messages and formats; a worker and a coordinator must have the same.
package enum ProtocolVersion { package static let current = 4 }
