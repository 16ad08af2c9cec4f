#!/usr/bin/env bash
# Lay out TARGET as Spark's back ends expect a Spark home, from the pyspark that PYSPARK_PYTHON has installed.
# Usage: spark-home.sh TARGET
set -euo pipefail

target=$1
site=$("${PYSPARK_PYTHON:-python3}" -c 'import importlib.util as u; print(u.find_spec("pyspark").submodule_search_locations[0])')

mkdir -p "$target/conf" "$target/work-dir"
for name in bin sbin jars python data; do
  ln -sfn "$site/$name" "$target/$name"
done
# Kubernetes mounts over conf; the working folder is where executors unpack what a job brings along.
chmod 0755 "$target" "$target/conf"
if [[ $(id -u) = 0 ]]; then
  chown 10001:10001 "$target/work-dir"
fi
