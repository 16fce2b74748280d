enum AveragingPlaceholder {}
