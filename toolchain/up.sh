#!/bin/sh
# `make up`, once the tools and the cluster are there: deploys the dev stack and says where its services are.
set -eu
pulumi stack select --create dev
pulumi up --yes --stack dev
pulumi stack output --json --stack dev | python -m toolchain.service_urls
