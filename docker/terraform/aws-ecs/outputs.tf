output "endpoint_url" {
  description = "The tenant plane's own address."
  value       = "https://${local.host}"
  # Told once it serves.
  depends_on = [aws_ecs_service.plane]
}

output "db_url" {
  description = "The tenant's database, as its owner."
  value       = local.database_url
  sensitive   = true
}
