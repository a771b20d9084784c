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

variable "conditional_put" {
  description = "Whether S3 refuses every put of raw and sealed objects that could replace one."
  type        = bool
  default     = true
}

variable "expire_days" {
  description = "Days until a raw object is deleted. 0 keeps it for ever."
  type        = number
  default     = 0
}

variable "cold_days" {
  description = "Days until a raw object of 128 KB or more moves to Glacier Instant Retrieval. 0 leaves it."
  type        = number
  default     = 0
}

variable "oidc_provider_arn" {
  description = "An IAM OIDC provider (EKS, GitHub) whose tokens may assume the recorder's web role. Empty: no such role."
  type        = string
  default     = ""
}

variable "oidc_audience" {
  description = "The token's audience."
  type        = string
  default     = "sts.amazonaws.com"
}

variable "oidc_subject" {
  description = "The token's subject, such as system:serviceaccount:tape:recorder or repo:me/tape:ref:refs/heads/main."
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
