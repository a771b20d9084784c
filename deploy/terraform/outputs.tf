output "recorder_role_arn" {
  description = "For [s3] role_arn, or the task role of ECS."
  value       = aws_iam_role.recorder.arn
}

output "snowflake_role_arn" {
  description = "For [snowflake] storage_role_arn."
  value       = aws_iam_role.snowflake.arn
}
