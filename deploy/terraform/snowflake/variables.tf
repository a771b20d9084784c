# The names are those of [snowflake] in candlewick.toml, with the same defaults.

variable "database" {
  description = "The database."
  type        = string
  default     = "CRYPTO_DB"
}

variable "warehouse" {
  description = "Runs the models."
  type        = string
  default     = "CANDLEWICK_WH"
}

variable "reader_warehouse" {
  description = "Answers the dashboard, programs and visitors."
  type        = string
  default     = "CANDLEWICK_READER_WH"
}

variable "resource_monitor" {
  description = "Suspends both warehouses."
  type        = string
  default     = "CANDLEWICK_MONITOR"
}

variable "monthly_credits" {
  description = "Where it does."
  type        = number
  default     = 250
}

variable "auto_suspend_seconds" {
  description = "How long an idle warehouse runs on."
  type        = number
  default     = 60
}

variable "loader_role" {
  description = "Puts lines into RAW."
  type        = string
  default     = "CANDLEWICK_LOADER"
}

variable "transformer_role" {
  description = "Makes SILVER and GOLD of them."
  type        = string
  default     = "CANDLEWICK_TRANSFORMER"
}

variable "reader_role" {
  description = "Reads those."
  type        = string
  default     = "CANDLEWICK_READER"
}
