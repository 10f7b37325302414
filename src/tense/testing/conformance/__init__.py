"""The suite every store adapter must pass, ours and anyone's: `StoreConformance` in `suite`. Imports anything below floor 6."""
