# Given by the Control Plane for each tenant.

variable "name" {
  description = "Names all that is made for the tenant."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{2,62}$", var.name))
    error_message = "The name must be usable as the name of a Postgres database and role."
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
  description = "What the tenant plane is started with to enrol: its deployment model, the Control Plane's URL, its secret and its provisioning token."
  type        = map(string)
  sensitive   = true
}

variable "tenant_plane_version" {
  description = "The version that the tenant plane shall run. Goes where {version} stands in tenant_plane_app."
  type        = string
  default     = null
}

# The same for every tenant (TERRAFORM_VARIABLES_FILE).

variable "tenant_plane_app" {
  description = "Folder of the built Tenant Plane, dist/apps/tenant-plane, with its node_modules in reach. {version} in it names a folder a version."
  type        = string
}

variable "postgres_admin_url" {
  description = "The Postgres server, as a role that may create databases and roles. Needed when a tenant asks for Postgres."
  type        = string
  default     = null
  sensitive   = true
}
