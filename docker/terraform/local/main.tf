# A tenant's own database and tenant plane on this machine, created with only Terraform's built-in provider.
#
# Terraform writes a resource to its state only after its provisioners have finished, so whatever a killed provisioner
# leaves behind would be in no state. So the database and the plane are two resources each. The first is only recorded in
# the state, and when destroyed removes whatever exists. The second creates it.

terraform {
  required_version = ">= 1.4"
}

locals {
  # One folder per version, or one for all versions.
  app         = replace(var.tenant_plane_app, "{version}", coalesce(var.tenant_plane_version, "{version}"))
  folder      = abspath("${path.root}/tenant-plane")
  is_postgres = var.database == "postgres"

  # The scheme, server and parameters of the admin URL.
  server = try(regex("^(?P<scheme>postgres(?:ql)?)://(?:[^@/]*@)?(?P<host>[^/?]+)[^?]*(?P<query>.*)$", var.postgres_admin_url), null)

  database_url = local.is_postgres ? (
    "${local.server.scheme}://${var.name}:${terraform_data.password.output}@${local.server.host}/${var.name}${local.server.query}"
  ) : "${local.folder}/tenant-plane.db"

  environment = merge(var.tenant_plane_environment, { TENANT_PLANE_DATABASE_URL = local.database_url })
}

# Generated once, and kept in the state for later applies.
resource "terraform_data" "password" {
  input = replace(uuid(), "-", "")

  lifecycle {
    ignore_changes = [input]
  }
}

resource "terraform_data" "database" {
  count = local.is_postgres ? 1 : 0

  input = {
    app       = local.app
    name      = var.name
    admin_url = var.postgres_admin_url
  }

  lifecycle {
    precondition {
      condition     = local.server != null
      error_message = "A tenant on Postgres requires postgres_admin_url, a postgres:// URL. Set it in the file named by TERRAFORM_VARIABLES_FILE, or request the database sqlite."
    }
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["node", "${path.module}/scripts/database.mjs"]
    command     = "drop"

    environment = {
      TENANT_PLANE_APP = self.input.app
      DATABASE_NAME    = self.input.name
      ADMIN_URL        = self.input.admin_url
    }
  }
}

resource "terraform_data" "database_made" {
  count            = local.is_postgres ? 1 : 0
  triggers_replace = [terraform_data.database[0].id, terraform_data.password.id]

  provisioner "local-exec" {
    interpreter = ["node", "${path.module}/scripts/database.mjs"]
    command     = "create"

    environment = {
      TENANT_PLANE_APP  = local.app
      DATABASE_NAME     = var.name
      DATABASE_PASSWORD = terraform_data.password.output
      ADMIN_URL         = var.postgres_admin_url
    }
  }
}

resource "terraform_data" "tenant_plane" {
  # The plane stops before its database is dropped.
  depends_on = [terraform_data.database]

  input = {
    app    = local.app
    folder = local.folder
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["node", "${path.module}/scripts/tenant-plane.mjs"]
    command     = "remove"

    environment = {
      TENANT_PLANE_APP    = self.input.app
      TENANT_PLANE_FOLDER = self.input.folder
    }
  }
}

resource "terraform_data" "tenant_plane_started" {
  depends_on = [terraform_data.database_made]

  input = terraform_data.tenant_plane.output.folder
  # A new environment or version requires a new process, since a new provisioning token revokes the previous one.
  triggers_replace = [terraform_data.tenant_plane.id, sha256(jsonencode(local.environment)), local.app]

  provisioner "local-exec" {
    interpreter = ["node", "${path.module}/scripts/tenant-plane.mjs"]
    command     = "start"

    environment = {
      TENANT_PLANE_APP         = local.app
      TENANT_PLANE_FOLDER      = local.folder
      TENANT_PLANE_ENVIRONMENT = jsonencode(local.environment)
    }
  }
}
