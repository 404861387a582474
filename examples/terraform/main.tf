# Terraform publishes versions and points the alias candidate at the newest. meta-deployer moves the alias live.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "role_arn" {
  description = "The role that the function runs with"
  type        = string
}

variable "package" {
  description = "The zip with the function's code"
  type        = string
}

resource "aws_lambda_function" "checkout" {
  function_name    = "checkout"
  role             = var.role_arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = ["arm64"]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  publish          = true
}

resource "aws_lambda_alias" "candidate" {
  name             = "candidate"
  function_name    = aws_lambda_function.checkout.function_name
  function_version = aws_lambda_function.checkout.version
}

# What callers call. Terraform makes it once, at the version of that day, and leaves what meta-deployer moves alone: without
# these three every apply would end a rollout and send all traffic back.
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.checkout.function_name
  function_version = aws_lambda_function.checkout.version

  lifecycle {
    ignore_changes = [function_version, routing_config, description]
  }
}
