output "endpoint_url" {
  description = "The tenant plane's own address."
  value       = "https://${local.host}"
  # Returned only once the plane is serving.
  depends_on = [aws_ecs_service.plane]
}

output "db_url" {
  description = "The URL of the tenant's database, as its owner."
  value       = local.database_url
  sensitive   = true
}
