# One secret contains all values, so that there is only one resource to grant and rotate. A task reads it by key.
resource "aws_secretsmanager_secret" "plane" {
  name_prefix = "${local.id}-"
  description = "Environment of the tenant plane ${local.name}"
  kms_key_id  = var.kms_key_arn
  # Otherwise the secret of a removed tenant would be kept for weeks.
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "plane" {
  secret_id     = aws_secretsmanager_secret.plane.id
  secret_string = jsonencode(local.secrets)
}
