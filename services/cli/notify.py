"""`ahual notify`: tell people what the rules say they want to know."""

from __future__ import annotations

import asyncio
from typing import Annotated, NoReturn

import typer

from services.cityscore.catalogue import load_catalogue
from services.cli.running import fail
from services.cli.settings import load
from services.notify import main as notify
from services.notify import rules
from services.notify.errors import NotifyError
from services.notify.rules import KpiRule, Rules
from services.notify.settings import NotifySettings
from services.runtime.clock import utc_now
from services.runtime.messages import text
from services.runtime.process import run as run_process


def register(app: typer.Typer) -> None:
    """`ahual notify` and its subcommands."""
    group = typer.Typer(help=text("notify.help"), no_args_is_help=True)
    app.add_typer(group, name="notify")
    group.command("run", help=text("notify.run_help"))(_run)
    group.command("check", help=text("notify.check_help"))(_check)
    group.command("test", help=text("notify.test_help"))(_test)


def _run() -> None:
    settings = load(NotifySettings)
    _understood(settings)
    run_process(lambda stop: notify.watch(settings, utc_now, stop), log_level=settings.log_level)


def _check() -> None:
    found = _understood(load(NotifySettings))
    for name, way in found.ways.items():
        typer.echo(f"{name}: {way.kind}, {way.language}")
    for rule in found.rules:
        cities = ", ".join(rule.cities) or "*"
        typer.echo(f"{rule.name}: {rule.kind}, {cities}, {rule.wait_s:g} s → {', '.join(rule.ways)}")
    typer.echo(text("notify.good", rules=len(found.rules), ways=len(found.ways)))


def _test(way: Annotated[str, typer.Argument(help=text("notify.way"))]) -> None:
    settings = load(NotifySettings)
    known = _understood(settings).ways
    if way not in known:
        fail("notify.unknown_way", way=way, known=", ".join(known))
    try:
        asyncio.run(notify.trial(settings, way, utc_now))
    except NotifyError as error:
        _refuse(error, 1)
    typer.echo(text("notify.tried"))


def _understood(settings: NotifySettings) -> Rules:
    """The rules; ends the command when they are wrong or name what is not there."""
    try:
        found = rules.load(settings.notify_rules)
    except NotifyError as error:
        _refuse(error, 2)
    catalogue = load_catalogue()
    known = {kpi.code for initiative in catalogue.initiatives for kpi in initiative.kpis}
    for rule in found.rules:
        if isinstance(rule, KpiRule) and (lost := set(rule.kpis) - known):
            fail("notify.unknown_kpis", rule=rule.name, codes=", ".join(sorted(lost)))
    return found


def _refuse(error: NotifyError, code: int) -> NoReturn:
    typer.echo(text(f"notify.{error.key}", None, **error.params), err=True)
    raise typer.Exit(code)
