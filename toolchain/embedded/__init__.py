"""The parts of the embedded cluster; `toolchain.cluster` puts them together."""
