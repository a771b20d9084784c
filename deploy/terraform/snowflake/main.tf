# What of src/candlewick/setup/setup.sql belongs to an account: database, schemas, warehouses, their monitor, roles and what
# these may. Run as ACCOUNTADMIN, who alone may make a monitor. `candlewick setup snowflake` after it finds all of this there
# and makes what is Candlewick's own: integration, tables, stages, stream and pipe, which change with its versions.

locals {
  roles = {
    loader      = var.loader_role
    transformer = var.transformer_role
    reader      = var.reader_role
  }

  schemas = {
    RAW    = "The lines of the lake, as they are"
    SILVER = "One row per trade"
    GOLD   = "Candles, their audit, the gaps of the tape"
  }

  warehouse_usage = {
    "loader on models"      = ["loader", "models"]
    "transformer on models" = ["transformer", "models"]
    "reader on readers"     = ["reader", "readers"]
  }

  schema_privileges = {
    "loader on RAW"         = ["USAGE", "CREATE PIPE"]
    "transformer on RAW"    = ["USAGE"]
    "transformer on SILVER" = ["USAGE", "CREATE TABLE", "CREATE VIEW"]
    "transformer on GOLD"   = ["USAGE", "CREATE TABLE", "CREATE VIEW"]
    "reader on RAW"         = ["USAGE"]
    "reader on SILVER"      = ["USAGE"]
    "reader on GOLD"        = ["USAGE"]
  }

  read = setproduct(["SILVER", "GOLD"], ["TABLES", "VIEWS"])
}

resource "snowflake_database" "candlewick" {
  name    = var.database
  comment = "Candlewick: every trade, proved"

  lifecycle {
    prevent_destroy = true
  }
}

resource "snowflake_schema" "candlewick" {
  for_each = local.schemas
  database = snowflake_database.candlewick.name
  name     = each.key
  comment  = each.value

  lifecycle {
    prevent_destroy = true
  }
}

resource "snowflake_resource_monitor" "candlewick" {
  name            = var.resource_monitor
  credit_quota    = var.monthly_credits
  frequency       = "MONTHLY"
  start_timestamp = "IMMEDIATELY"
  notify_triggers = [80]
  suspend_trigger = 100

  lifecycle {
    ignore_changes = [start_timestamp]
  }
}

resource "snowflake_warehouse" "models" {
  name                         = var.warehouse
  warehouse_size               = "XSMALL"
  auto_suspend                 = var.auto_suspend_seconds
  auto_resume                  = true
  initially_suspended          = true
  statement_timeout_in_seconds = 3600
  resource_monitor             = snowflake_resource_monitor.candlewick.fully_qualified_name
  comment                      = "Candlewick: the models"
}

resource "snowflake_warehouse" "readers" {
  name                         = var.reader_warehouse
  warehouse_size               = "XSMALL"
  auto_suspend                 = var.auto_suspend_seconds
  auto_resume                  = true
  initially_suspended          = true
  statement_timeout_in_seconds = 300
  resource_monitor             = snowflake_resource_monitor.candlewick.fully_qualified_name
  comment                      = "Candlewick: who reads"
}

resource "snowflake_account_role" "candlewick" {
  for_each = local.roles
  name     = each.value
}

resource "snowflake_grant_account_role" "to_sysadmin" {
  for_each         = local.roles
  role_name        = snowflake_account_role.candlewick[each.key].name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_grant_account_role" "loader_to_admin" {
  role_name        = snowflake_account_role.candlewick["loader"].name
  parent_role_name = "ACCOUNTADMIN"
}

resource "snowflake_grant_privileges_to_account_role" "warehouse" {
  for_each          = local.warehouse_usage
  account_role_name = snowflake_account_role.candlewick[each.value[0]].name
  privileges        = ["USAGE"]

  on_account_object {
    object_type = "WAREHOUSE"
    object_name = each.value[1] == "models" ? snowflake_warehouse.models.name : snowflake_warehouse.readers.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "database" {
  for_each          = local.roles
  account_role_name = snowflake_account_role.candlewick[each.key].name
  privileges        = ["USAGE"]

  on_account_object {
    object_type = "DATABASE"
    object_name = snowflake_database.candlewick.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "schema" {
  for_each          = local.schema_privileges
  account_role_name = snowflake_account_role.candlewick[split(" on ", each.key)[0]].name
  privileges        = each.value

  on_schema {
    schema_name = snowflake_schema.candlewick[split(" on ", each.key)[1]].fully_qualified_name
  }
}

resource "snowflake_grant_privileges_to_account_role" "read" {
  for_each          = { for pair in local.read : join(" ", pair) => pair }
  account_role_name = snowflake_account_role.candlewick["reader"].name
  privileges        = ["SELECT"]

  on_schema_object {
    future {
      object_type_plural = each.value[1]
      in_schema          = snowflake_schema.candlewick[each.value[0]].fully_qualified_name
    }
  }
}
