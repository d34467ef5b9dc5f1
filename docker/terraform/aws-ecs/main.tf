# One dedicated tenant on AWS: an ECS service on Fargate, its own Postgres instance, and a rule on a shared load balancer.
# The network, cluster and load balancer already exist and are shared. No other tenant's resources are ever changed.

locals {
  region = var.region
  # AWS names use hyphens instead of underscores, and the shortest allow only 32 characters. The hash of the plane's id
  # makes them unique.
  name = replace(var.name, "_", "-")
  id   = "atlas-${substr(sha256(var.tenant_plane_id), 0, 20)}"
  host = "${var.tenant_slug}.${var.base_domain}"
  port = 4200

  # A new version makes a new task definition, and so new tasks. ECS stops the old tasks once the new ones are healthy.
  image = replace(var.image, "{version}", coalesce(var.tenant_plane_version, "{version}"))

  # The console and the API would show these values if they were in the task definition.
  secret_names = ["INTERNAL_SERVICE_SECRET", "INTERNAL_SERVICE_SECRET_PREVIOUS", "ATLAS_PROVISIONING_TOKEN"]

  plain_environment = {
    for key, value in var.tenant_plane_environment : key => value if !contains(local.secret_names, key)
  }

  secrets = merge(
    { for key, value in var.tenant_plane_environment : key => value if contains(local.secret_names, key) },
    {
      TENANT_PLANE_DATABASE_URL = local.database_url
      METRICS_TOKEN             = random_password.metrics.result
    },
    var.smtp_url == null ? {} : { SMTP_URL = var.smtp_url },
  )
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

resource "random_password" "metrics" {
  length  = 40
  special = false
}

# A tenant that requests a region must not be placed in another one.
resource "terraform_data" "region" {
  lifecycle {
    precondition {
      condition     = var.tenant_region == null || var.tenant_region == var.region
      error_message = "The tenant requests region ${coalesce(var.tenant_region, "none")}, but this Control Plane creates tenants in ${var.region}."
    }
  }
}
