"""What `candlewick up` prints: lines that stay, and below them one line that changes while something is waited for."""

import time

from rich.console import Console
from rich.text import Text


class Terminal:
    """Lines with the time before them. Where nobody watches, a line that changes is a line for each new reason."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = ""
        self._reason: str | None = None

    def say(self, text: str) -> None:
        """Print a line, in rich's markup."""
        self._erase()
        self._console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {text}", highlight=False, soft_wrap=True)

    def show(self, reason: str | None, rest: str = "") -> None:
        """Show plain text in the line that changes, `rest` being what changes in it; None takes the line away."""
        if not self._console.is_terminal:
            if reason is not None and reason != self._reason:
                self.say(f"[yellow]waiting[/] {Text(reason + rest).markup}")
        elif reason is None:
            self._erase()
        elif (line := f"waiting {reason}{rest}"[: self._console.width - 1]) != self._shown:
            self._erase()
            self._console.file.write(line)
            self._console.file.flush()
            self._shown = line
        self._reason = reason

    def _erase(self) -> None:
        if self._shown:
            self._console.file.write("\r\x1b[K")
            self._shown = ""
