"""The version of Hearth: the only place in the code that says it."""

VERSION = '0.1.0'
