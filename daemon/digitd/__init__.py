"""digitd turns a folder into a data-entry clerk: scans in, validated numbers out."""

__version__ = "0.1.0"

#: Changes whenever a stage's output may change, so that old evidence names the code that made it.
PIPELINE_VERSION = "7"
