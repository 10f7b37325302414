"""Payment: charges cards and gives money back."""
