# Given by the Control Plane for each tenant.

variable "name" {
  description = "Names all that is made for the tenant."
  type        = string
}

variable "tenant_id" {
  description = "The tenant's id; a tag."
  type        = string
}

variable "tenant_slug" {
  description = "The tenant's slug: its host is <slug>.<base_domain>."
  type        = string
}

variable "tenant_plane_id" {
  description = "The tenant plane's id; a tag."
  type        = string
}

variable "tenant_region" {
  description = "The region that was asked for with the tenant. It must be the one that this network is in, or null."
  type        = string
  default     = null
}

variable "database" {
  description = "The database that was asked for; this module makes Postgres only."
  type        = string
  default     = "postgres"

  validation {
    condition     = var.database == "postgres"
    error_message = "On ECS a tenant's database is Postgres: ask for it, or name none."
  }
}

variable "tenant_plane_environment" {
  description = "What the tenant plane is started with to enrol: its deployment model, the Control Plane's URL, its secret and its provisioning token."
  type        = map(string)
  sensitive   = true
}

variable "tenant_plane_version" {
  description = "The version that the tenant plane shall run. Goes where {version} stands in image."
  type        = string
  default     = null
}

# The same for every tenant (TERRAFORM_VARIABLES_FILE).

variable "region" {
  description = "AWS region of the network and the cluster."
  type        = string
}

variable "vpc_id" {
  description = "The VPC of all that follows."
  type        = string
}

variable "service_subnet_ids" {
  description = "Private subnets of the tenant planes; they reach the Control Plane and the image's registry through a NAT gateway or endpoints."
  type        = list(string)
}

variable "database_subnet_group_name" {
  description = "RDS subnet group of the databases, in at least two availability zones."
  type        = string
}

variable "cluster_arn" {
  description = "ECS cluster with the Fargate capacity provider."
  type        = string
}

variable "load_balancer_listener_arn" {
  description = "HTTPS listener of an application load balancer, with a certificate for *.<base_domain>. DNS: *.<base_domain> points at the load balancer."
  type        = string
}

variable "load_balancer_security_group_id" {
  description = "Security group of that load balancer: only from it are tenant planes reached."
  type        = string
}

variable "base_domain" {
  description = "The Control Plane's TENANT_BASE_DOMAIN."
  type        = string
}

variable "image" {
  description = "Image of the tenant plane (docker/tenant-plane.Dockerfile). Its tag is {version}, so that the Control Plane can upgrade the plane."
  type        = string
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64, as the image was built."
  type        = string
  default     = "X86_64"
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one."
  type        = number
  default     = 512
}

variable "memory" {
  description = "Memory of a task, in MiB."
  type        = number
  default     = 1024
}

variable "replicas" {
  description = "Number of tasks. More than one share the enrolment."
  type        = number
  default     = 2
}

variable "plane_settings" {
  description = "More environment variables of the tenant plane, none of them secret: TRUSTED_PROXIES (the load balancer's subnets, so that clients are told apart), MAIL_FROM, LOG_LEVEL, ..."
  type        = map(string)
  default     = {}
}

variable "smtp_url" {
  description = "The server that tenant planes send mail by, with its password: smtps://user:password@host. Null: they send none."
  type        = string
  sensitive   = true
  default     = null
}

variable "postgres_version" {
  description = "Major version of Postgres; minor ones follow by themselves in the maintenance window."
  type        = string
  default     = "16"
}

variable "database_instance_class" {
  description = "Size of the database instance."
  type        = string
  default     = "db.t4g.small"
}

variable "database_storage_gib" {
  description = "Storage to begin with; it grows up to four times that."
  type        = number
  default     = 20
}

variable "database_multi_az" {
  description = "Whether the database has a standby in another availability zone."
  type        = bool
  default     = true
}

variable "backup_retention_days" {
  description = "How long automated backups are kept; with them any second of that time can be restored."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "Backups are kept for 1 to 35 days."
  }
}

variable "deletion_protection" {
  description = "While true AWS refuses to delete the database: a rollback or deprovisioning stops there until a person has set it to false and retries the job."
  type        = bool
  default     = false
}

variable "final_snapshot" {
  description = "Whether a last snapshot is kept when the database is deleted. It stays until a person deletes it."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key for the database, the secrets and the logs; null: the keys that AWS manages. Its policy must let CloudWatch Logs of this region use it."
  type        = string
  default     = null
}

variable "rds_ca_bundle_path" {
  description = "Where the image has the certificates of RDS (NODE_EXTRA_CA_CERTS); null: they are in the image's trust store, or the URL does not verify them."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90
}

variable "permissions_boundary_arn" {
  description = "Boundary of the two IAM roles that are made for each tenant."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
