# What `pulumi up` needs of Nomad 1.11, and no more. docs/security.md says what each right is for.
# Before 1.11, submit-job stands for the six from plan-job to purge-job.
namespace "default" {
  capabilities = [
    "parse-job",
    "read-job",
    "plan-job",
    "register-job",
    "fail-deployment",
    "promote-deployment",
    "deregister-job",
    "purge-job",
    "read-logs",
  ]

  variables {
    path "nomad/jobs/*" {
      capabilities = ["read", "write", "destroy"]
    }
  }
}

node {
  policy = "read"
}
