#!/bin/sh
# Runs a command in the environment of `activate`: toolchain/run.sh COMMAND ARGUMENT...
cd -- "$(dirname -- "$0")/.." || exit
. ./activate
exec "$@"
