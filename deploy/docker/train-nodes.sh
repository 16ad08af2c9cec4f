#!/usr/bin/env bash
# Train over several nodes: run once on each of them, with the same arguments, on a workspace that all see.
# Usage: train-nodes.sh RECIPE [KEY=VALUE]...
# From the environment: NODES, PROCESSES_PER_NODE, MASTER_ADDR, MASTER_PORT, and this node's number from 0 as NODE_RANK,
# SLURM_NODEID or VC_TASK_INDEX (Volcano). The first node commits the step once training has ended everywhere.
set -euo pipefail

rank=${NODE_RANK:-${SLURM_NODEID:-${VC_TASK_INDEX:?which node is this? set NODE_RANK}}}

settings=$(daybreak train "$@" --settings)
torchrun --nnodes "$NODES" --nproc-per-node "${PROCESSES_PER_NODE:-1}" --node-rank "$rank" \
  --master-addr "$MASTER_ADDR" --master-port "${MASTER_PORT:-29400}" -m trainer "$settings" --json

if [[ $rank = 0 ]]; then
  daybreak train "$@"
fi
