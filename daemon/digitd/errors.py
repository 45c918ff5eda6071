"""Every fault a person may meet, and the exit code it ends with; the message names the file and the next step."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means. 1 and 2 are left to click (aborted, wrong usage)."""

    OK = 0
    #: Some documents, scans or rows could not be used; each is told with its reason.
    SOME_FAILED = 3
    #: The configuration, a template or another input of the operator's is wrong.
    BAD_CONFIG = 4
    #: An input file cannot be read.
    BAD_INPUT = 5
    #: The model is missing, or its card and its file disagree.
    BAD_MODEL = 6
    #: The database is older or newer than this version, or cannot be opened.
    BAD_DATABASE = 7
    #: Something this command needs is not installed.
    NOT_INSTALLED = 8
    #: Another service already runs on these folders.
    ALREADY_RUNNING = 9
    #: `doctor` found something wrong.
    UNHEALTHY = 10


class DigitdError(Exception):
    """Base of all faults with a message for people; anything else that escapes is a bug."""

    exit_code = ExitCode.BAD_INPUT


class ConfigError(DigitdError):
    """The configuration cannot be used."""

    exit_code = ExitCode.BAD_CONFIG


class TemplateError(DigitdError):
    """A form's template, or the reference picture it names, cannot be used."""

    exit_code = ExitCode.BAD_CONFIG


class UnreadableDocument(DigitdError):
    """The bytes of a document are not a picture that can be read; trying again will not help."""


class LabelFileError(DigitdError):
    """A file of labels cannot be read or written."""


class ModelError(DigitdError):
    """A model folder is missing, incomplete, or its card and its file disagree."""

    exit_code = ExitCode.BAD_MODEL


class DatabaseError(DigitdError):
    """The database cannot be used by this version."""

    exit_code = ExitCode.BAD_DATABASE


class NotTheirTurn(DigitdError):
    """A field that a verifier keys waits no longer, or waits for somebody else."""


class VerifierError(DigitdError):
    """Somebody cannot be let in, or is not known."""


class NotInstalled(DigitdError):
    """An optional part is not installed."""

    exit_code = ExitCode.NOT_INSTALLED


class AlreadyRunning(DigitdError):
    """Another service holds the lock on these folders."""

    exit_code = ExitCode.ALREADY_RUNNING
