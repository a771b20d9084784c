variable "bucket" {
  description = "The lake's bucket."
  type        = string
}

variable "folder" {
  description = "Where the lake's prefix is in the bucket, with a slash at its end."
  type        = string
  default     = "binance/"
}

variable "kms_key_arn" {
  description = "The key that encrypts the bucket. Empty: S3's own."
  type        = string
  default     = ""
}

variable "recorder_principals" {
  description = "ARNs that may assume the recorder's role, beside EC2 and ECS."
  type        = list(string)
  default     = []
}

variable "snowflake_user_arn" {
  description = "What `candlewick setup snowflake` prints as SnowflakeUserArn. Empty: nobody may read for Snowflake yet."
  type        = string
  default     = ""
}

variable "snowflake_external_id" {
  description = "... as SnowflakeExternalId."
  type        = string
  default     = ""
}

variable "pipe_queue_arn" {
  description = "... as PipeQueueArn. Empty: no notification yet."
  type        = string
  default     = ""
}
