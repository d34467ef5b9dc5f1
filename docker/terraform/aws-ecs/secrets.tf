# One secret holds them all: a task reads it by key, and there is one thing to grant and to rotate.
resource "aws_secretsmanager_secret" "plane" {
  name_prefix = "${local.id}-"
  description = "Environment of the tenant plane ${local.name}"
  kms_key_id  = var.kms_key_arn
  # A rolled back tenant leaves no secret behind for weeks.
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "plane" {
  secret_id     = aws_secretsmanager_secret.plane.id
  secret_string = jsonencode(local.secrets)
}
