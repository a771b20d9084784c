# The lake's bucket and what a recorder and Snowflake may do in it: what src/candlewick/setup/stack.yaml makes, in Terraform.

locals {
  raw_arn    = "${aws_s3_bucket.lake.arn}/${var.folder}raw/*"
  sealed_arn = "${aws_s3_bucket.lake.arn}/${var.folder}sealed/*"
  staged_arn = "${aws_s3_bucket.lake.arn}/${var.folder}staging/*"
}

resource "aws_s3_bucket" "lake" {
  bucket = var.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket                  = aws_s3_bucket.lake.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    bucket_key_enabled = var.kms_key_arn != ""

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == "" ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn == "" ? null : var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    id     = "staging"
    status = "Enabled"

    filter {
      prefix = "${var.folder}staging/"
    }

    expiration {
      days = 1
    }
  }

  rule {
    id     = "multipart"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = var.expire_days == 0 ? [] : [var.expire_days]

    content {
      id     = "expire"
      status = "Enabled"

      filter {
        prefix = "${var.folder}raw/"
      }

      expiration {
        days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.cold_days == 0 ? [] : [var.cold_days]

    content {
      id     = "cool"
      status = "Enabled"

      filter {
        prefix = "${var.folder}raw/"
      }

      transition {
        days          = rule.value
        storage_class = "GLACIER_IR"
      }
    }
  }
}

resource "aws_s3_bucket_policy" "lake" {
  bucket = aws_s3_bucket.lake.id
  policy = data.aws_iam_policy_document.lake.json
}

data "aws_iam_policy_document" "lake" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "Tls12"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }

  # AWS, "Enforce conditional writes on Amazon S3 buckets": nobody replaces an object of the lake.
  dynamic "statement" {
    for_each = var.conditional_put ? ["NeverReplace"] : []

    content {
      sid       = "NeverReplace"
      effect    = "Deny"
      actions   = ["s3:PutObject"]
      resources = [local.raw_arn, local.sealed_arn]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "Null"
        variable = "s3:if-none-match"
        values   = ["true"]
      }

      condition {
        test     = "Bool"
        variable = "s3:ObjectCreationOperation"
        values   = ["true"]
      }
    }
  }
}

data "aws_iam_policy_document" "recorder" {
  statement {
    sid       = "Objects"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = [local.raw_arn, local.sealed_arn, local.staged_arn]
  }

  statement {
    sid       = "Staging"
    actions   = ["s3:DeleteObject"]
    resources = [local.staged_arn]
  }

  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.lake.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.folder}*"]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == "" ? [] : [var.kms_key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [local.raw_arn, local.sealed_arn]
  }

  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.lake.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.folder}*"]
    }
  }

  statement {
    sid       = "Place"
    actions   = ["s3:GetBucketLocation"]
    resources = [aws_s3_bucket.lake.arn]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == "" ? [] : [var.kms_key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_policy" "recorder" {
  name_prefix = "candlewick-recorder-"
  description = "What a Candlewick recorder may do in the lake."
  policy      = data.aws_iam_policy_document.recorder.json
}

resource "aws_iam_policy" "reader" {
  name_prefix = "candlewick-reader-"
  description = "What a loader of Candlewick's lake may do."
  policy      = data.aws_iam_policy_document.reader.json
}

resource "aws_iam_role" "recorder" {
  name_prefix        = "candlewick-recorder-"
  assume_role_policy = data.aws_iam_policy_document.recorder_trust.json
}

resource "aws_iam_role_policy_attachment" "recorder" {
  role       = aws_iam_role.recorder.name
  policy_arn = aws_iam_policy.recorder.arn
}

data "aws_iam_policy_document" "recorder_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]
    }
  }

  dynamic "statement" {
    for_each = length(var.recorder_principals) == 0 ? [] : [var.recorder_principals]

    content {
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }
}

resource "aws_iam_instance_profile" "recorder" {
  name_prefix = "candlewick-recorder-"
  role        = aws_iam_role.recorder.name
}

# For a recorder that has a token of Kubernetes or of a workflow: `role_arn` and `web_identity_token_file` in [s3].
resource "aws_iam_role" "recorder_web" {
  count              = var.oidc_provider_arn == "" ? 0 : 1
  name_prefix        = "candlewick-recorder-web-"
  assume_role_policy = data.aws_iam_policy_document.recorder_web_trust[0].json

  lifecycle {
    precondition {
      condition     = var.oidc_subject != "" && !strcontains(var.oidc_subject, "*")
      error_message = "oidc_provider_arn without a whole oidc_subject would let everybody in whom the provider knows."
    }
  }
}

resource "aws_iam_role_policy_attachment" "recorder_web" {
  count      = var.oidc_provider_arn == "" ? 0 : 1
  role       = aws_iam_role.recorder_web[0].name
  policy_arn = aws_iam_policy.recorder.arn
}

data "aws_iam_policy_document" "recorder_web_trust" {
  count = var.oidc_provider_arn == "" ? 0 : 1

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${split(":oidc-provider/", var.oidc_provider_arn)[1]}:aud"
      values   = [var.oidc_audience]
    }

    condition {
      test     = "StringEquals"
      variable = "${split(":oidc-provider/", var.oidc_provider_arn)[1]}:sub"
      values   = [var.oidc_subject]
    }
  }
}

# The integration in Snowflake must name this role before Snowflake says which user of its own will assume it: until then
# it denies everybody.
resource "aws_iam_role" "snowflake" {
  name_prefix        = "candlewick-snowflake-"
  assume_role_policy = data.aws_iam_policy_document.snowflake_trust.json
}

resource "aws_iam_role_policy_attachment" "snowflake" {
  role       = aws_iam_role.snowflake.name
  policy_arn = aws_iam_policy.reader.arn
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "snowflake_trust" {
  statement {
    effect  = var.snowflake_user_arn == "" ? "Deny" : "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.snowflake_user_arn == "" ? "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" : var.snowflake_user_arn]
    }

    dynamic "condition" {
      for_each = var.snowflake_user_arn == "" ? [] : [var.snowflake_external_id]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_s3_bucket_notification" "lake" {
  count  = var.pipe_queue_arn == "" ? 0 : 1
  bucket = aws_s3_bucket.lake.id

  queue {
    queue_arn     = var.pipe_queue_arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "${var.folder}raw/"
    filter_suffix = ".json.zst"
  }
}
