/// A plan and what its data would come to, without any data: what is simulated.
package struct Scenario: Sendable {
    package var compiler: StageCompiler
    package var plan: Plan
    package var manifest: DataManifest

    package init(_ plan: Plan, _ manifest: DataManifest, by compiler: StageCompiler) {
        (self.plan, self.manifest, self.compiler) = (plan, manifest, compiler)
    }
}
