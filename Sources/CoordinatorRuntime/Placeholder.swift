enum CoordinatorRuntimePlaceholder {}
