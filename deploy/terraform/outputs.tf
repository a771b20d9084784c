output "recorder_role_arn" {
  description = "For [s3] role_arn, or the task role of ECS."
  value       = aws_iam_role.recorder.arn
}

output "recorder_web_role_arn" {
  description = "For [s3] role_arn with web_identity_token_file. Null without oidc_provider_arn."
  value       = one(aws_iam_role.recorder_web[*].arn)
}

output "recorder_instance_profile" {
  description = "For a recorder on EC2."
  value       = aws_iam_instance_profile.recorder.name
}

output "recorder_policy_arn" {
  description = "To attach to a user or role of your own."
  value       = aws_iam_policy.recorder.arn
}

output "reader_policy_arn" {
  description = "For a loader that reads the lake elsewhere."
  value       = aws_iam_policy.reader.arn
}

output "snowflake_role_arn" {
  description = "For [snowflake] storage_role_arn."
  value       = aws_iam_role.snowflake.arn
}
