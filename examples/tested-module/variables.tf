variable "namespace" {
  description = "Namespace of the service and its routes."
  type        = string
  default     = "greeter"
}

variable "canary_percent" {
  description = "Share of the new version, in percent."
  type        = number
  default     = 10
}

variable "requests" {
  description = "Requests by name, for which the output answers says what happens to them."
  type        = any
  default     = {}
}
