# What `pulumi preview` and `pulumi refresh` need of Consul: with it nothing can be changed.
node_prefix "" {
  policy = "read"
}

service_prefix "" {
  policy     = "read"
  intentions = "read"
}

key_prefix "web/" {
  policy = "read"
}
