package import PlanFile
package import RunProtocol

extension ModelKinds {
    /// The kinds of model that the program knows: each is a folder beside this file. A plan that does not name one is of the
    /// first.
    package static let standard = ModelKinds([StackedAutoencoder()])
}

extension StageCompiler {
    /// Of their plans.
    package static let standard = ModelKinds.standard.compiler
}
