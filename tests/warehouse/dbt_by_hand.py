"""What `dbt` does when somebody runs it on the models."""

from dbt.cli.main import dbtRunnerResult

from candlewick.warehouse.transform import Models


def by_hand(models: Models, *command: str) -> dbtRunnerResult:
    """Run one of dbt's commands; fail where it fails."""
    outcome = models._dbt.invoke([*command, *models._arguments, models._vars()])
    assert outcome.success, (outcome.exception, [each.message for each in getattr(outcome.result, "results", ())])
    return outcome
