"""The floor: a provider that does nothing, so that what is left is the engine, the SDK and the language host."""
