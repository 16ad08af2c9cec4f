#!/usr/bin/env bash
# What the images of Spark and Airflow start.
#   driver ARGUMENT...   a driver on Kubernetes: the arguments are those of spark-submit
#   executor             an executor on Kubernetes, told by the environment what to join
#   master | worker | history [ARGUMENT...]   the daemons of a standalone cluster
#   COMMAND...           anything else, as it is
# Spark's Kubernetes back end passes the role and sets SPARK_DRIVER_URL and the like (org.apache.spark.deploy.k8s.Constants).
set -euo pipefail

# Where classes are looked for: mounted settings first, then Spark's jars, what the job adds, and the working folder.
classpath() {
  local hadoop=${HADOOP_CONF_DIR:+$HADOOP_CONF_DIR:} extra=${SPARK_EXTRA_CLASSPATH:+:$SPARK_EXTRA_CLASSPATH}
  printf '%s' "$hadoop${SPARK_CONF_DIR:-$SPARK_HOME/conf}:$SPARK_HOME/jars/*:${SPARK_CLASSPATH:-}$extra:$PWD"
}

driver() {
  exec "$SPARK_HOME/bin/spark-submit" \
    --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
    --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" \
    --deploy-mode client "$@"
}

executor() {
  local options=() index=0 name=SPARK_JAVA_OPT_0
  while [[ -n ${!name+set} ]]; do
    options+=("${!name}")
    index=$((index + 1))
    name=SPARK_JAVA_OPT_$index
  done
  exec "$JAVA_HOME/bin/java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
    -cp "$(classpath)" org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" \
    --executor-id "$SPARK_EXECUTOR_ID" \
    --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" \
    --hostname "$SPARK_EXECUTOR_POD_IP" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
    --podName "$SPARK_EXECUTOR_POD_NAME"
}

daemon() {
  exec "$SPARK_HOME/bin/spark-class" "$@"
}

case "${1:-}" in
  driver) driver "${@:2}" ;;
  executor) executor ;;
  master) daemon org.apache.spark.deploy.master.Master "${@:2}" ;;
  worker) daemon org.apache.spark.deploy.worker.Worker "${@:2}" ;;
  history) daemon org.apache.spark.deploy.history.HistoryServer "${@:2}" ;;
  "") echo "entrypoint.sh: give driver, executor, master, worker, history or a command" >&2; exit 2 ;;
  *) exec "$@" ;;
esac
