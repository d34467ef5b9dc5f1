# Set by the Control Plane for each tenant.

variable "name" {
  description = "The name of everything that is created for the tenant."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{2,62}$", var.name))
    error_message = "The name must be a valid name for a Postgres database and role."
  }
}

variable "database" {
  description = "postgres or sqlite."
  type        = string

  validation {
    condition     = contains(["postgres", "sqlite"], var.database)
    error_message = "The database must be postgres or sqlite."
  }
}

variable "tenant_plane_environment" {
  description = "The variables with which the tenant plane starts and enrols: deployment model, Control Plane URL, service secret and provisioning token."
  type        = map(string)
  sensitive   = true
}

variable "tenant_plane_version" {
  description = "The version that the tenant plane should run. It replaces {version} in tenant_plane_app."
  type        = string
  default     = null
}

# The same for all tenants (TERRAFORM_VARIABLES_FILE).

variable "tenant_plane_app" {
  description = "Folder of the built Tenant Plane (dist/apps/tenant-plane), from which its node_modules can be resolved. With {version} in it, each version has its own folder."
  type        = string
}

variable "postgres_admin_url" {
  description = "The URL of the Postgres server, with a role that may create databases and roles. Required if a tenant requests Postgres."
  type        = string
  default     = null
  sensitive   = true
}
