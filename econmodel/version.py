"""The version: what stands in every report, in every findings file and in the name of the package's archive."""

__version__ = "0.2.0"
