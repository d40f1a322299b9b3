"""A command line that is not understood."""


class WrongWords(Exception):
    """What is wrong with the command line, in one sentence; exit code 64."""

    def __init__(self, sentence: str, command: str = "") -> None:
        super().__init__(sentence)
        self.command = command
