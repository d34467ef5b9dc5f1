terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
  }
}

# Credentials come from the usual places (environment, profile or the machine's role).
provider "aws" {
  region = local.region

  default_tags {
    tags = merge(var.tags, {
      "atlas:tenant"       = var.tenant_slug
      "atlas:tenant-id"    = var.tenant_id
      "atlas:tenant-plane" = var.tenant_plane_id
    })
  }
}
