resource "aws_cloudwatch_log_group" "plane" {
  name              = "/atlas/tenant-planes/${local.id}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_security_group" "plane" {
  name_prefix = "${local.id}-plane-"
  description = "Tenant plane ${var.name}: from the load balancer only"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "plane_from_load_balancer" {
  security_group_id            = aws_security_group.plane.id
  referenced_security_group_id = var.load_balancer_security_group_id
  description                  = "Users, by way of the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_egress_rule" "plane_https" {
  security_group_id = aws_security_group.plane.id
  description       = "Control Plane, image registry, secrets, logs"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "plane_to_database" {
  security_group_id            = aws_security_group.plane.id
  referenced_security_group_id = aws_security_group.database.id
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_lb_target_group" "plane" {
  name_prefix          = "atlas-"
  port                 = local.port
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.vpc_id
  deregistration_delay = 30

  health_check {
    path                = "/health/ready"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener_rule" "plane" {
  listener_arn = var.load_balancer_listener_arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.plane.arn
  }

  condition {
    host_header {
      values = [local.host]
    }
  }
}

resource "aws_ecs_task_definition" "plane" {
  family                   = local.id
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.plane.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  container_definitions = jsonencode([{
    name         = "tenant-plane"
    image        = local.image
    essential    = true
    stopTimeout  = 60
    portMappings = [{ containerPort = local.port, protocol = "tcp" }]

    environment = [
      for key, value in merge(nonsensitive(local.plain_environment), var.plane_settings, {
        NODE_ENV                = "production"
        HOST                    = "0.0.0.0"
        PORT                    = tostring(local.port)
        TENANT_BASE_DOMAIN      = var.base_domain
        TENANT_PLANE_PUBLIC_URL = "https://${local.host}"
      }, var.rds_ca_bundle_path == null ? {} : { NODE_EXTRA_CA_CERTS = var.rds_ca_bundle_path }) :
      { name = key, value = value }
    ]

    # Refers to the version, so that a new token or secret makes a new task definition, and so new tasks.
    secrets = [
      for key in nonsensitive(keys(local.secrets)) : {
        name      = key
        valueFrom = "${aws_secretsmanager_secret.plane.arn}:${key}::${aws_secretsmanager_secret_version.plane.version_id}"
      }
    ]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.plane.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "tenant-plane"
      }
    }
  }])
}

resource "aws_ecs_service" "plane" {
  name            = local.id
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.plane.arn
  desired_count   = var.replicas
  launch_type     = "FARGATE"

  # An apply finishes when the tasks are running, not when they have been requested.
  wait_for_steady_state             = true
  health_check_grace_period_seconds = 60

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets         = var.service_subnet_ids
    security_groups = [aws_security_group.plane.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.plane.arn
    container_name   = "tenant-plane"
    container_port   = local.port
  }

  # The load balancer does not know the target group before the rule exists, and no task starts before the policy exists.
  depends_on = [aws_lb_listener_rule.plane, aws_iam_role_policy.execution, aws_vpc_security_group_egress_rule.plane_to_database]
}
