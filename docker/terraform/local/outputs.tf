output "endpoint_url" {
  description = "The tenant plane's own address."
  # Which port was free is known once it was started.
  value = try("http://127.0.0.1:${trimspace(file("${terraform_data.tenant_plane_started.output}/port"))}", null)
}

output "db_url" {
  description = "The tenant's database, as its owner."
  value       = local.database_url
  sensitive   = true
}
