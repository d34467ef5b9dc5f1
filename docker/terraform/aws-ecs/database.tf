resource "random_password" "database" {
  length  = 40
  special = false
}

resource "aws_db_parameter_group" "tenant" {
  name_prefix = "${local.id}-"
  family      = "postgres${var.postgres_version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "database" {
  name_prefix = "${local.id}-database-"
  description = "Database of ${var.name}: from its own tenant plane only"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database_from_plane" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.plane.id
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_instance" "tenant" {
  depends_on = [terraform_data.region]

  identifier     = local.id
  engine         = "postgres"
  engine_version = var.postgres_version
  instance_class = var.database_instance_class
  db_name        = "atlas"
  username       = "atlas"
  password       = random_password.database.result

  storage_type          = "gp3"
  allocated_storage     = var.database_storage_gib
  max_allocated_storage = var.database_storage_gib * 4
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  multi_az               = var.database_multi_az
  db_subnet_group_name   = var.database_subnet_group_name
  vpc_security_group_ids = [aws_security_group.database.id]
  parameter_group_name   = aws_db_parameter_group.tenant.name
  publicly_accessible    = false

  backup_retention_period   = var.backup_retention_days
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.final_snapshot
  final_snapshot_identifier = var.final_snapshot ? "${local.id}-final" : null

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}

locals {
  # The master role of RDS owns the only database of this instance. It is not a superuser, so forced row-level security
  # applies to it.
  database_url = "postgres://${aws_db_instance.tenant.username}:${random_password.database.result}@${aws_db_instance.tenant.endpoint}/${aws_db_instance.tenant.db_name}?sslmode=${var.rds_ca_bundle_path == null ? "no-verify" : "verify-full"}"
}
