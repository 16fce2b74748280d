enum CoordinatorClientPlaceholder {}
