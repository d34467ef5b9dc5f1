# One dedicated tenant on AWS: an ECS service on Fargate, a Postgres instance of its own, and a rule of a shared load balancer.
# Network, cluster and load balancer are there before and are shared; nothing of another tenant is ever touched.

locals {
  region = var.region
  # AWS takes hyphens, and at most 32 characters in the shortest of its names. The end, of the plane's id, tells tenants apart.
  name = replace(var.name, "_", "-")
  id   = "atlas-${substr(sha256(var.tenant_plane_id), 0, 20)}"
  host = "${var.tenant_slug}.${var.base_domain}"
  port = 4200

  # Another version is another task definition, and so other tasks: ECS ends the old ones when the new ones are healthy.
  image = replace(var.image, "{version}", coalesce(var.tenant_plane_version, "{version}"))

  # Each of them would be shown by the console and the API if it stood in the task definition.
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

# A tenant that asks for a region gets it or nothing: its data must not land elsewhere.
resource "terraform_data" "region" {
  lifecycle {
    precondition {
      condition     = var.tenant_region == null || var.tenant_region == var.region
      error_message = "The tenant asks for region ${coalesce(var.tenant_region, "none")}, but this Control Plane makes tenants in ${var.region}."
    }
  }
}
