# Set by the Control Plane for each tenant.

variable "name" {
  description = "The name of everything that is created for the tenant."
  type        = string
}

variable "tenant_id" {
  description = "The tenant's id, used as a tag."
  type        = string
}

variable "tenant_slug" {
  description = "The tenant's slug. Its host is <slug>.<base_domain>."
  type        = string
}

variable "tenant_plane_id" {
  description = "The tenant plane's id, used as a tag."
  type        = string
}

variable "tenant_region" {
  description = "The region requested for the tenant. It must be the region of this network, or null."
  type        = string
  default     = null
}

variable "database" {
  description = "The requested database. This module creates only Postgres."
  type        = string
  default     = "postgres"

  validation {
    condition     = var.database == "postgres"
    error_message = "On ECS a tenant's database is always Postgres. Request postgres, or omit the database."
  }
}

variable "tenant_plane_environment" {
  description = "The variables with which the tenant plane starts and enrols: deployment model, Control Plane URL, service secret and provisioning token."
  type        = map(string)
  sensitive   = true
}

variable "tenant_plane_version" {
  description = "The version that the tenant plane should run. It replaces {version} in image."
  type        = string
  default     = null
}

# The same for all tenants (TERRAFORM_VARIABLES_FILE).

variable "region" {
  description = "AWS region of the network and the cluster."
  type        = string
}

variable "vpc_id" {
  description = "The VPC that contains everything below."
  type        = string
}

variable "service_subnet_ids" {
  description = "Private subnets of the tenant planes. They must reach the Control Plane and the image registry through a NAT gateway or endpoints."
  type        = list(string)
}

variable "database_subnet_group_name" {
  description = "RDS subnet group for the databases, in at least two availability zones."
  type        = string
}

variable "cluster_arn" {
  description = "ECS cluster with the Fargate capacity provider."
  type        = string
}

variable "load_balancer_listener_arn" {
  description = "HTTPS listener of an application load balancer, with a certificate for *.<base_domain>. In DNS, *.<base_domain> must point to the load balancer."
  type        = string
}

variable "load_balancer_security_group_id" {
  description = "Security group of that load balancer. Tenant planes accept connections only from it."
  type        = string
}

variable "base_domain" {
  description = "The Control Plane's TENANT_BASE_DOMAIN."
  type        = string
}

variable "image" {
  description = "Image of the tenant plane (docker/tenant-plane.Dockerfile). Use {version} as its tag, so that the Control Plane can upgrade the plane."
  type        = string
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64, matching the image."
  type        = string
  default     = "X86_64"
}

variable "cpu" {
  description = "CPU units per task. 1024 units are one vCPU."
  type        = number
  default     = 512
}

variable "memory" {
  description = "Memory per task, in MiB."
  type        = number
  default     = 1024
}

variable "replicas" {
  description = "Number of tasks. They share one enrolment."
  type        = number
  default     = 2
}

variable "plane_settings" {
  description = "Additional environment variables of the tenant plane, without secrets: TRUSTED_PROXIES (the load balancer's subnets, so that clients can be told apart), MAIL_FROM, LOG_LEVEL, ..."
  type        = map(string)
  default     = {}
}

variable "smtp_url" {
  description = "The SMTP server of the tenant planes, with its password: smtps://user:password@host. Null: they send no email."
  type        = string
  sensitive   = true
  default     = null
}

variable "postgres_version" {
  description = "Major version of Postgres. Minor versions are upgraded automatically in the maintenance window."
  type        = string
  default     = "16"
}

variable "database_instance_class" {
  description = "Size of the database instance."
  type        = string
  default     = "db.t4g.small"
}

variable "database_storage_gib" {
  description = "Initial storage, in GiB. It can grow to four times this size."
  type        = number
  default     = 20
}

variable "database_multi_az" {
  description = "Whether the database has a standby in another availability zone."
  type        = bool
  default     = true
}

variable "backup_retention_days" {
  description = "How many days automated backups are kept. The database can be restored to any second of that time."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "Backups can be kept for 1 to 35 days."
  }
}

variable "deletion_protection" {
  description = "While true, AWS refuses to delete the database. A rollback or deprovisioning then fails until a person sets this to false and retries the job."
  type        = bool
  default     = false
}

variable "final_snapshot" {
  description = "Whether a final snapshot is kept when the database is deleted. It stays until a person deletes it."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "KMS key for the database, the secrets and the logs. Null: keys managed by AWS. Its policy must allow CloudWatch Logs in this region to use it."
  type        = string
  default     = null
}

variable "rds_ca_bundle_path" {
  description = "Path of the RDS certificates in the image (NODE_EXTRA_CA_CERTS). Null: the certificate of the database is not verified."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "How many days logs are kept."
  type        = number
  default     = 90
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the two IAM roles that are created for each tenant."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags for all resources."
  type        = map(string)
  default     = {}
}
