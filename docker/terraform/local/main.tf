# A tenant's own database and tenant plane on this machine, by nothing but Terraform's built-in provider.
#
# Terraform writes a resource to its state once it is made, provisioners included; what a killed provisioner left would be in no
# state. So each thing is two resources: the first does nothing but be in the state, and removes the thing when it is destroyed,
# however much of it there is; the second makes it.

terraform {
  required_version = ">= 1.4"
}

locals {
  # A folder a version, or one for all.
  app         = replace(var.tenant_plane_app, "{version}", coalesce(var.tenant_plane_version, "{version}"))
  folder      = abspath("${path.root}/tenant-plane")
  is_postgres = var.database == "postgres"

  # Scheme, server and parameters of the admin's URL.
  server = try(regex("^(?P<scheme>postgres(?:ql)?)://(?:[^@/]*@)?(?P<host>[^/?]+)[^?]*(?P<query>.*)$", var.postgres_admin_url), null)

  database_url = local.is_postgres ? (
    "${local.server.scheme}://${var.name}:${terraform_data.password.output}@${local.server.host}/${var.name}${local.server.query}"
  ) : "${local.folder}/tenant-plane.db"

  environment = merge(var.tenant_plane_environment, { TENANT_PLANE_DATABASE_URL = local.database_url })
}

# Drawn once. It is in the state, as is all that an apply must find again.
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
      error_message = "A tenant on Postgres needs postgres_admin_url, a postgres:// URL. Set it in the file of TERRAFORM_VARIABLES_FILE, or ask for the database sqlite."
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
  # It ends before its database is dropped.
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
  # Another environment or version is another process: a new provisioning token has revoked the one before.
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
