output "endpoint_url" {
  description = "The tenant plane's own address."
  # The port is known only once the plane has started.
  value = try("http://127.0.0.1:${trimspace(file("${terraform_data.tenant_plane_started.output}/port"))}", null)
}

output "db_url" {
  description = "The URL of the tenant's database, as its owner."
  value       = local.database_url
  sensitive   = true
}
