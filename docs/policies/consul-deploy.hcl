# What `pulumi up` needs of Consul, and no more. docs/security.md says what each right is for.
node_prefix "" {
  policy = "read"
}

service_prefix "" {
  policy = "read"
}

# Only for what the stack itself writes in Consul: config entries and intentions of a service, and keys.
service "web" {
  policy     = "write"
  intentions = "write"
}

key_prefix "web/" {
  policy = "write"
}
