#!/bin/sh
# First process of a run's namespaces: brings up loopback and a private scratch file system, then waits for the runner and reaps
# orphans. When it ends, for whatever reason, the kernel ends every process and drops every mount and packet rule of the run.
# Decides nothing about servers. $1: scratch folder to mount over (empty: none); the rest: the command.
scratch=$1
shift
[ -z "${HOLDFAST_NETNS:-}" ] || ip link set lo up || exit 71
[ -z "$scratch" ] || mount -t tmpfs -o size=2g,mode=0700 holdfast "$scratch" || exit 71
"$@"
exit $?
