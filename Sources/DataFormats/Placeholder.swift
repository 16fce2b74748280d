enum DataFormatsPlaceholder {}
