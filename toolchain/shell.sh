#!/bin/sh
# `make shell`: the user's own shell, in the environment of `activate` (in which this is run).
shell=${SHELL:-/bin/sh}
echo "Caravan's environment. Leave it with: exit"
case $shell in
    # A start-up file often changes PATH, so for bash it is read first.
    */bash) exec "$shell" --init-file toolchain/bashrc -i ;;
    *) exec "$shell" -i ;;
esac
