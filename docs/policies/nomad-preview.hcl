# What `pulumi preview` and `pulumi refresh` need of Nomad 1.11: with it nothing can be changed.
namespace "default" {
  capabilities = ["parse-job", "read-job", "plan-job"]

  variables {
    path "nomad/jobs/*" {
      capabilities = ["read"]
    }
  }
}

node {
  policy = "read"
}
