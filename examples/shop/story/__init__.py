"""The story that `make demo` tells, in chapters. Each claim is checked before it is printed."""
