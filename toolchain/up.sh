#!/bin/sh
# `make up`, once the tools and the cluster are there: deploys the dev stack and says where its services are.
set -eu
pulumi stack select --create dev
# The state speaks of jobs and images that went with the cluster: a push that it records would not be made again.
if [ -e .caravan/cluster-was-reset ]; then
    echo "The cluster was reset since the last deployment: the dev stack's state is refreshed first."
    pulumi refresh --yes --stack dev
    rm .caravan/cluster-was-reset
fi
pulumi up --yes --stack dev
pulumi stack output --json --stack dev | python -m toolchain.service_urls
