"""What `dbt` does when somebody runs it on the models: for its tests, and to compare its tables with the owner's."""

from candlewick.warehouse.project import Project

QUICK = ("--no-write-json", "--no-populate-cache")


class Models(Project):
    """The models, run by dbt. The caller has the target to itself. All raise `ModelError` with the first failure."""

    def run(self) -> None:
        """Run the models on what is new."""
        self.invoke("run", *QUICK)

    def make_anew(self, *models: str) -> None:
        """Make tables of GOLD anew from SILVER, all of them where none is named."""
        if not models:
            self.invoke("run-operation", *QUICK, "cut_quote_quantities")
        self.invoke("run", "--full-refresh", *QUICK, *(("--select", *models) if models else ()))

    def build(self, *models: str) -> None:
        """Run models, their data tests and their unit tests; all of them where none is named."""
        self.invoke("build", *QUICK, *(("--select", *models) if models else ()))

    def build_on_rows(self) -> None:
        """Run all models and their data tests: unit tests bring rows of their own, and say the same on any others."""
        self.invoke("build", *QUICK, "--exclude-resource-type", "unit_test")
