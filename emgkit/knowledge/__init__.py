"""What medicine knows: tables with value, unit, source and basis, and the typed readers of them."""
