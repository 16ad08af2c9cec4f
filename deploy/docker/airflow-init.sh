#!/usr/bin/env bash
# Bring Airflow's database to this version and make the first administrator, unless there is one.
# Usage: airflow-init.sh PASSWORD_FILE [USER]
# The password comes by standard input: on a command line every process of the machine could read it.
set -euo pipefail

password_file=$1
user=${2:-admin}

airflow db migrate
if airflow users list --output plain | awk 'NR > 1 { print $2 }' | grep -Fxq "$user"; then
  echo "user $user is there"
else
  password=$(< "$password_file")
  printf '%s\n%s\n' "$password" "$password" \
    | setsid --wait airflow users create --username "$user" --role Admin \
        --firstname "$user" --lastname "$user" --email "$user@localhost.localdomain"
fi
