"""Where log lines go: JSON in service, coloured text on a terminal, above the bars where bars are shown."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from daemon.cli.settings import Level

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=False),
)


class _Stderr:
    """Writes whole lines to whatever stderr is at the moment: live bars take its place while they are shown."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    log = debug = info = warning = error = critical = exception = msg


class _Foreign(logging.Handler):
    """Hands the lines of other packages (apscheduler, watchdog) to ours."""

    def emit(self, record: logging.LogRecord) -> None:
        told: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            told["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, record.getMessage(), **told)


def configure(level: Level, *, bars: bool) -> None:
    """Afterwards everything that is logged from this level on goes to stderr, one line each, with its job if any.

    bars: live bars are shown, so only warnings and worse are written, above them.
    """
    least = max(_number(level), logging.WARNING) if bars else _number(level)
    structlog.configure(
        processors=[*_SHARED, *_last(terminal=sys.stderr.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(max(least, logging.WARNING))


def _last(*, terminal: bool) -> tuple[Processor, ...]:
    if terminal:
        return (structlog.dev.ConsoleRenderer(pad_event_to=32),)
    return (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


def _number(level: Level) -> int:
    return logging.getLevelNamesMapping()[level.value.upper()]
